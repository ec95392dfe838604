import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { TidemarkError } from 'tidemark'
import { messageOf } from '../trips/index.js'
import { type Browser, findChromium, launch } from './chromium.js'

/*
 * Makes the picture for README from a report:
 *   tsx examples/taxi/report/picture.ts REPORT.html OUT.png [light]
 */

type Scheme = 'light' | 'dark'

/** Widest first: a busy map is taken smaller, so that the picture stays light enough for README. */
const sizes = [
  { width: 1280, height: 875 },
  { width: 1120, height: 800 },
  { width: 960, height: 720 },
] as const

const heaviestBytes = 300_000

async function makePicture(report: string, out: string, scheme: Scheme): Promise<string> {
  if (!existsSync(report)) throw refused('REPORT_MISSING', `there is no report ${report}; npm run taxi makes one`)
  const executable = findChromium()
  if (executable === undefined || !existsSync(executable)) {
    const asked = executable === undefined ? '' : ` (CHROMIUM names ${executable}, which does not exist)`
    throw refused('BROWSER_MISSING', `no Chromium found${asked}; install chromium, or set CHROMIUM to its path`)
  }
  const browser = await launch(executable)
  try {
    let picture: Buffer = Buffer.alloc(0)
    for (const size of sizes) {
      picture = await photograph(browser, report, { ...size, scheme, reducesMotion: true })
      if (picture.length <= heaviestBytes) break
    }
    await mkdir(dirname(resolve(out)), { recursive: true })
    await writeFile(out, picture)
    return `${out}  ${Math.ceil(picture.length / 1000)} kB`
  } finally {
    await browser.close()
  }
}

async function photograph(browser: Browser, report: string, screen: Parameters<Browser['open']>[1]): Promise<Buffer> {
  const page = await browser.open(pathToFileURL(resolve(report)).href, screen)
  if ((await page.evaluate('document.documentElement.dataset.ready')) !== 'yes') {
    const reason = page.errors.join('; ') || 'it is no report of the taxi example'
    throw refused('REPORT_BLANK', `${report} did not draw itself: ${reason}`)
  }
  return page.screenshot()
}

function refused(code: string, message: string): TidemarkError {
  return new TidemarkError({ code, domain: 'user', message })
}

const [report, out, scheme = 'dark'] = process.argv.slice(2)
if (report === undefined || out === undefined || (scheme !== 'dark' && scheme !== 'light')) {
  process.stderr.write('usage: tsx examples/taxi/report/picture.ts REPORT.html OUT.png [light]\n')
  process.exitCode = 2
} else {
  try {
    process.stdout.write(`${await makePicture(report, out, scheme)}\n`)
  } catch (error) {
    process.stderr.write(`picture: ${messageOf(error)}\n`)
    process.exitCode = 1
  }
}
