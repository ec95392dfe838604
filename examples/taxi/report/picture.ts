import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { findChromium, launch } from './chromium.js'

/*
 * Makes the picture for README from a report:
 *   tsx examples/taxi/report/picture.ts REPORT.html OUT.png [light]
 */

const screen = { width: 1280, height: 875, density: 1 } as const

async function makePicture(report: string, out: string, scheme: 'light' | 'dark'): Promise<string> {
  if (!existsSync(report)) throw new Error(`there is no report ${report}; npm run taxi makes one`)
  const executable = findChromium()
  if (executable === undefined || !existsSync(executable)) {
    const asked = executable === undefined ? '' : ` (CHROMIUM names ${executable}, which does not exist)`
    throw new Error(`no Chromium found${asked}; install chromium, or set CHROMIUM to its path`)
  }
  const browser = await launch(executable)
  try {
    const page = await browser.open(pathToFileURL(resolve(report)).href, { ...screen, scheme, reducesMotion: true })
    if ((await page.evaluate('document.documentElement.dataset.ready')) !== 'yes') {
      throw new Error(
        `${report} did not draw itself: ${page.errors.join('; ') || 'it is no report of the taxi example'}`,
      )
    }
    const picture = await page.screenshot()
    await mkdir(dirname(resolve(out)), { recursive: true })
    await writeFile(out, picture)
    return `${out}  ${screen.width} x ${screen.height}  ${Math.ceil(picture.length / 1000)} kB`
  } finally {
    await browser.close()
  }
}

const [report, out, scheme = 'dark'] = process.argv.slice(2)
if (report === undefined || out === undefined || (scheme !== 'dark' && scheme !== 'light')) {
  process.stderr.write('usage: tsx examples/taxi/report/picture.ts REPORT.html OUT.png [light]\n')
  process.exitCode = 2
} else {
  try {
    process.stdout.write(`${await makePicture(report, out, scheme)}\n`)
  } catch (error) {
    process.stderr.write(`picture: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}
