import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startLocalKinesis } from 'tidemark/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { folderOfTest } from './folder.js'
import { writeMadeUpTrips } from './made-up-trips.js'
import { visibleFiles } from './output.js'
import { taxi, taxiReplay } from './process.js'

/** One line (and commander's suggestion), exit code 1, no stack. */
async function expectRefusal(args: readonly string[], ...lines: readonly (string | RegExp)[]): Promise<void> {
  const ended = await taxi(...args).ended
  expect(ended).toMatchObject({ code: 1, signal: null, out: '' })
  const found = ended.error.trimEnd().split('\n')
  expect(found).toHaveLength(lines.length)
  lines.forEach((line, index) => {
    expect(found[index]).toMatch(line)
  })
}

const NOWHERE = 'http://127.0.0.1:9'

/* What the options alone say is in ../run/options.test.ts: of that one of each kind here, through the whole command. */
describe('the taxi command refuses', () => {
  it.each<[string, readonly string[], ...RegExp[]]>([
    ['--resume without --kinesis', ['--resume', '--checkpoints', 'x'], /^error: --resume needs --kinesis/],
    [
      'an unknown option',
      ['--parallelsim', '2'],
      /^error: unknown option '--parallelsim'$/,
      /Did you mean --parallelism/,
    ],
    ['a missing file', ['--trips', '/no/such.csv'], /^error: \/no\/such\.csv: cannot be read: there is no such file$/],
    ['a URL that is none', ['--no-replay', '--kinesis', 'nowhere'], /^error: 'nowhere' is not the URL of a Kinesis/],
  ])('%s', async (_what, args, ...lines) => {
    await expectRefusal(args, ...lines)
  })

  it('a folder of results that Tidemark has not made, and leaves both as they are', async () => {
    const folder = await folderOfTest()
    const trips = join(folder, 'trips.jsonl')
    const out = join(folder, 'out')
    await writeMadeUpTrips(trips, { trips: 500, seed: 1 })
    const run = ['--trips', trips, '--out', out, '--no-report', '--format', 'jsonl']
    expect(await taxi(...run).ended).toMatchObject({ code: 0 })
    const shown = await visibleFiles(out)
    await writeFile(join(out, 'trip_duration', 'mine.txt'), 'precious')
    await rm(join(out, 'trip_duration', '.tidemark'))
    await expectRefusal(run, /^error: .*trip_duration holds files and was not made by Tidemark/)
    expect(await visibleFiles(out)).toEqual([...shown, 'trip_duration/mine.txt'].sort())
    expect(await readFile(join(out, 'trip_duration', 'mine.txt'), 'utf8')).toBe('precious')
  })

  it("a folder of somebody else's files", async () => {
    const out = await folderOfTest()
    await mkdir(join(out, 'pickup_count'))
    await writeFile(join(out, 'pickup_count', 'mine.txt'), 'precious')
    await expectRefusal(
      ['--out', out, '--no-report', '--trips', await fewTrips()],
      /^error: .*pickup_count holds files/,
    )
    expect(await readdir(join(out, 'pickup_count'))).toEqual(['mine.txt'])
  })

  it('to replay into a stream that holds records, and reads them with --no-replay', async () => {
    const server = await startLocalKinesis()
    onTestFinished(() => server.close())
    const trips = await fewTrips()
    const out = join(await folderOfTest(), 'out')
    const where = ['--kinesis', server.url, '--stream', 'rides']
    expect(await taxiReplay('--trips', trips, ...where, '--shards', '2', '--speedup', 'max').ended).toMatchObject({
      code: 0,
    })
    await expectRefusal(
      ['--trips', trips, ...where, '--out', out],
      /^error: stream 'rides' holds records already: give --no-replay to read them/,
    )
    expect(await visibleFiles(out)).toEqual([])
    const job = await taxi('--no-replay', ...where, '--out', out, '--no-report').ended
    expect(job).toMatchObject({ code: 0, error: '' })
    expect((await visibleFiles(out)).length).toBeGreaterThan(0)
  })

  it('a Kinesis that nobody is at', { timeout: 40_000 }, async () => {
    await expectRefusal(['--no-replay', '--kinesis', NOWHERE], /^error: .*127\.0\.0\.1:9/)
  })
})

async function fewTrips(): Promise<string> {
  const trips = join(await folderOfTest(), 'trips.jsonl')
  await writeMadeUpTrips(trips, { trips: 300, seed: 2 })
  return trips
}
