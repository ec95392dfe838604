import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { type ReportInput, renderReport, writeReport } from '../../../../examples/taxi/report/index.js'
import { decodeCells, type Payload } from '../../../../examples/taxi/report/shared/payload.js'
import { hour, midnight, syntheticDay } from './synthetic-day.js'

const expectedResults = '../shared/data/trips-2013-01-01.expected.jsonl.gz'
const nothing: ReportInput = { pickupCounts: [], tripDurations: [], run: { source: 'an empty stream', events: 0 } }
const hostile = `</script><script>hacked=1</script><img src=x onerror="hacked=1">'&`

function payloadOf(html: string): Payload {
  const text = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html)?.[1]
  return JSON.parse(text ?? '') as Payload // what renderReport wrote
}

describe('the report', () => {
  const day = syntheticDay(3_000)
  const html = renderReport(day)

  it('has the map first, then the chart, the hottest cells and the run', () => {
    const order = ['id="city"', 'id="play"', 'id="hour"', 'id="chart"', 'class="hottest"', 'class="facts"']
    const places = order.map((part) => html.indexOf(part))
    expect(places.every((place) => place > 0)).toBe(true)
    expect(places).toEqual([...places].sort((left, right) => left - right))
    expect(html.match(/<h1/g)?.length).toBe(1)
    expect(html).toContain('read as UTC')
  })

  it('has ten hottest cells with place, hour and count', () => {
    const table = /<table class="hottest">.*?<\/table>/s.exec(html)?.[0] ?? ''
    expect(table.match(/data-cell="/g)?.length).toBe(10)
    expect(table).toMatch(/<small>40\.\d{4}, -7[34]\.\d{4}<\/small>/)
    expect(table).toMatch(/\d\d:00-\d\d:59/)
  })

  it('shows the facts that are known and no others', () => {
    const terms = [...html.matchAll(/<dt>(.*?)<\/dt><dd>(.*?)<\/dd>/g)].map(([, term, value]) => `${term}: ${value}`)
    expect(terms).toEqual([
      'Source: a made-up day',
      'Events: 400,000',
      'Late trips: 3',
      'Unreadable rows: 12',
      'Checkpoints: 9',
      'Watermarks: markers in the stream',
    ])
  })

  it('stays far below 2 MB for 24 hours of 3,000 cells, and below it for ten days of them', () => {
    expect(Buffer.byteLength(html)).toBeLessThan(500_000)
    const days = renderReport(syntheticDay(3_000, 24 * 10))
    expect(Buffer.byteLength(days)).toBeLessThan(2_000_000)
    expect(days).toContain('the map is coarser than the results')
    expect(html).not.toContain('the map is coarser')
  })

  it('carries the results: every row can be decoded from the page', () => {
    const data = decodeCells(payloadOf(html).cells)
    expect(data.steps.map((step) => step.indices.length)).toEqual(Array.from({ length: 24 }, () => 3_000))
    const pickups = day.pickupCounts.reduce((sum, row) => sum + row.pickup_count, 0)
    expect(data.steps.flatMap((step) => step.counts).reduce((sum, count) => sum + count, 0)).toBe(pickups)
  })

  it('is the same to the byte for the same input, and whatever order the rows come in', () => {
    expect(renderReport(day)).toBe(html)
    expect(renderReport({ ...day, pickupCounts: day.pickupCounts.toReversed() })).toBe(html)
  })

  it('needs no network, and its policy allows nothing but its own style and script', () => {
    const policy =
      /http-equiv="Content-Security-Policy" content="(.*?)"/.exec(html)?.[1]?.replaceAll('&#39;', "'") ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toContain('unsafe')
    const hashOf = (text = '') => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
    expect(policy).toContain(`script-src ${hashOf(/<script>(.*?)<\/script>/s.exec(html)?.[1])}`)
    expect(policy).toContain(`style-src ${hashOf(/<style>(.*?)<\/style>/s.exec(html)?.[1])}`)
    const addresses = html.match(/https?:[^"'\s)]*/g) ?? []
    expect(addresses.filter((address) => !address.startsWith('http://www.w3.org/2000/svg'))).toEqual([])
  })

  it('has no inline handlers or styles in its markup', () => {
    const markup = html.replaceAll(/<(script|style)[^>]*>.*?<\/\1>/gs, '')
    expect(markup).not.toMatch(/<[^>]*\s(on\w+|style)=/)
  })

  it('escapes what it is given, in facts and in rows', () => {
    const timestamp = midnight + hour
    const page = renderReport({
      pickupCounts: [{ location: hostile, pickup_count: 5, timestamp }],
      tripDurations: [
        { location: hostile, airport_code: 'JFK', sum_trip_duration: 8, avg_trip_duration: 4, timestamp },
      ],
      run: { title: hostile, source: hostile, events: 1, more: [{ label: hostile, value: hostile }] },
    })
    expect(page).not.toContain('<img')
    expect(page).not.toContain('<script>hacked')
    expect(page.match(/<\/script>/g)?.length).toBe(2)
    expect(page).toContain('&lt;/script&gt;&lt;script&gt;hacked=1')
    expect(page).toContain('not a geohash')
    expect(page).toContain('1 rows are not on the map')
  })

  it('renders without any rows and says so in words', () => {
    const page = renderReport(nothing)
    expect(page).toContain('No pickups: the job wrote no rows')
    expect(page).toContain('None: there are no pickups.')
    expect(page).toContain('No airport trips')
    expect(payloadOf(page).cells.values).toBe('')
  })

  it('is written to a file in a folder that need not exist', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tidemark-report-'))
    const path = join(folder, 'out/taxi/report.html')
    await writeReport(path, nothing)
    expect(readFileSync(path, 'utf8')).toBe(renderReport(nothing))
    rmSync(folder, { recursive: true })
  })

  const hasResults = existsSync(expectedResults)
  if (!hasResults) console.info(`skipped: the report of real results needs ${expectedResults}`)
  it.skipIf(!hasResults)('holds the real results of 1 January 2013', () => {
    const text = gunzipSync(readFileSync(expectedResults)).toString()
    const rows = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const page = renderReport({
      pickupCounts: rows.filter(({ kind }) => kind === 'pickup_count'),
      tripDurations: rows.filter(({ kind }) => kind === 'trip_duration'),
      run: { source: 'trips-2013-01-01.csv.gz', events: 46_450 },
    })
    const data = decodeCells(payloadOf(page).cells)
    expect(data.steps.map((step) => new Date(step.startMs).toISOString().slice(11, 13))).toEqual(['00', '01'])
    expect(data.steps.flatMap((step) => step.counts).reduce((sum, count) => sum + count, 0)).toBe(45_354)
  })
})
