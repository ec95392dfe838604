import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type Browser,
  findChromium,
  launch,
  type Page,
  type Screen,
} from '../../../../examples/taxi/report/chromium.js'
import { type ReportInput, writeReport } from '../../../../examples/taxi/report/index.js'
import { hour, midnight, syntheticDay } from './synthetic-day.js'

const executable = findChromium()
const hasChromium = executable !== undefined && existsSync(executable)
if (!hasChromium)
  console.info('skipped: the report in a browser needs chromium (apt-get install chromium, or set CHROMIUM)')

const wide: Screen = { width: 1280, height: 900, scheme: 'dark', reducesMotion: true }
const narrow: Screen = { width: 375, height: 800, scheme: 'light', density: 2 }

describe.skipIf(!hasChromium)('the report in a browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-report-'))
  let browser: Browser

  beforeAll(async () => {
    browser = await launch(executable!)
  })
  afterAll(async () => {
    await browser?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  async function show(name: string, input: ReportInput, screen: Screen): Promise<Page> {
    const path = join(folder, `${name}.html`)
    await writeReport(path, input)
    const page = await browser.open(pathToFileURL(path).href, screen)
    expect(page.errors).toEqual([])
    expect(await page.evaluate('document.documentElement.dataset.ready')).toBe('yes')
    return page
  }

  const textOf = (page: Page, id: string) => page.evaluate(`document.getElementById('${id}').textContent`)

  it('draws the city, the slider and the chart, and asks nobody for anything', async () => {
    const page = await show('day', syntheticDay(800), wide)
    const colours = `new Set(new Uint32Array(document.getElementById('city').getContext('2d')
      .getImageData(0, 0, document.getElementById('city').width, document.getElementById('city').height).data.buffer)).size`
    expect(await page.evaluate(colours)).toBeGreaterThan(50)
    expect(await page.evaluate("document.getElementById('hour').max")).toBe('23')
    expect(await page.evaluate("document.querySelectorAll('#chart path.line').length")).toBe(2)
    expect(await textOf(page, 'now-span')).toBe('All hours')
    expect(page.requests.filter((address) => !/^(file|data):/.test(address))).toEqual([])
    expect(page.errors).toEqual([])
  })

  it('changes the hour with the arrow keys, and walks through the cells by rank', async () => {
    const page = await show('keys', syntheticDay(300), wide)
    await page.press('ArrowRight')
    expect(await textOf(page, 'now-span')).toBe('00:00-00:59')
    await page.press('ArrowRight')
    expect(await textOf(page, 'now-span')).toBe('01:00-01:59')
    expect(await textOf(page, 'readout')).toMatch(/^01:00-01:59 Tue 15 Jan 2013 JFK [\d.]+ min, 12 trips LGA/)
    await page.press('ArrowLeft')
    expect(await page.evaluate("document.getElementById('hour').getAttribute('aria-valuetext')")).toBe(
      '00:00-00:59 Tue 15 Jan 2013',
    )
    await page.evaluate("document.getElementById('city').focus()")
    await page.press('ArrowDown')
    expect(await textOf(page, 'tip')).toMatch(/^\d+ pickups?rank 1 of 300 cells/)
    expect(await textOf(page, 'spoken')).toMatch(/rank 1 of 300 cells/)
    await page.press('Escape')
    expect(await page.evaluate("document.getElementById('tip').hidden")).toBe(true)
    expect(page.errors).toEqual([])
  })

  it('shows count and rank of the cell under the mouse', async () => {
    const cell = { location: 'dr5ru7k', pickup_count: 41, timestamp: midnight + hour }
    const input = { ...syntheticDay(50, 1), pickupCounts: [cell] }
    const page = await show('mouse', input, wide)
    const middle = `(() => {
      const { width, height, ...rest } = document.getElementById('city')
      const data = document.getElementById('city').getContext('2d').getImageData(0, 0, width, height).data
      let best = 0
      for (let i = 0; i < data.length; i += 4) if (data[i] > data[best] && data[i] > data[i + 2] + 20) best = i
      return [(best / 4) % width, Math.floor(best / 4 / width)]
    })()`
    const [x, y] = (await page.evaluate(middle)) as [number, number]
    await page.moveMouse(x + 1, y + 1)
    expect(await textOf(page, 'tip')).toBe('41 pickupsrank 1 of 1 cellsdr5ru7k \u00b7 40.7558, -73.9867')
    await page.moveMouse(x - 200, y + 200)
    expect(await page.evaluate("document.getElementById('tip').hidden")).toBe(true)
  })

  it('goes to the hour and the cell that is chosen in the table', async () => {
    const input = syntheticDay(200)
    const page = await show('table', input, wide)
    const chosen = await page.evaluate("document.querySelector('button[data-cell]').dataset.cell")
    await page.evaluate("document.querySelector('button[data-cell]').click()")
    expect(await textOf(page, 'tip')).toContain(`rank 1 of 200 cells${chosen}`)
  })

  it('plays through the hours, and stops at the last', async () => {
    const page = await show('play', syntheticDay(40, 2), wide)
    await page.evaluate("document.getElementById('play').click()")
    expect(await textOf(page, 'play-text')).toBe('Pause')
    const stopped = `new Promise((resolve) => {
      const text = document.getElementById('play-text')
      new MutationObserver(() => text.textContent === 'Play' && resolve(document.getElementById('now-span').textContent))
        .observe(text, { childList: true, characterData: true, subtree: true })
    })`
    expect(await page.evaluate(stopped)).toBe('01:00-01:59')
  })

  it('fits 375 pixels in both schemes without scrolling sideways', async () => {
    for (const scheme of ['light', 'dark'] as const) {
      const page = await show(`narrow-${scheme}`, syntheticDay(400), { ...narrow, scheme })
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(375)
      expect(page.errors).toEqual([])
    }
  })

  it('runs nothing that it was given, and renders without rows', async () => {
    const hostile = '</script><img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'
    const timestamp = midnight + hour
    const page = await show(
      'hostile',
      {
        pickupCounts: [{ location: hostile, pickup_count: 3, timestamp }],
        tripDurations: [],
        run: { title: hostile, source: hostile, events: 1, more: [{ label: hostile, value: hostile }] },
      },
      wide,
    )
    expect(await page.evaluate('window.hacked === undefined')).toBe(true)
    expect(await page.evaluate("document.querySelectorAll('img').length")).toBe(0)
    expect(await page.evaluate("document.querySelector('h1').textContent")).toBe(hostile)
    const empty = await show('empty', { pickupCounts: [], tripDurations: [], run: { source: '', events: 0 } }, wide)
    expect(await textOf(empty, 'now-span')).toBe('No pickups')
  })

  it("gives README's picture by a command, under 300 kB", async () => {
    const [report, picture] = [join(folder, 'picture.html'), join(folder, 'images/picture.png')]
    await writeReport(report, syntheticDay(3_000))
    const script = 'examples/taxi/report/picture.ts'
    execFileSync(process.execPath, ['--import', 'tsx', script, report, picture], { encoding: 'utf8' })
    const png = readFileSync(picture)
    expect(png.subarray(1, 4).toString()).toBe('PNG')
    expect(png.readUInt32BE(16)).toBeGreaterThanOrEqual(960)
    expect(png.length).toBeLessThan(300_000)
  })
})
