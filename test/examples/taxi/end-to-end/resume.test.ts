import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { expectPartOf, expectSameRows } from '../../../golden/taxi/compare.js'
import { SEED } from '../../../golden/taxi/seeded.js'
import { newestLogState } from './job-log.js'
import { outputOf, unfinishedFiles, visibleFiles } from './output.js'
import { complaints, taxi } from './process.js'
import { streamOfTrips } from './stream-of-trips.js'

describe(`the taxi job with --checkpoints (seed ${SEED})`, () => {
  it('stops on SIGTERM with a checkpoint, goes on from it, and then has nothing left to do', {
    timeout: 120_000,
  }, async () => {
    const stream = await streamOfTrips({ trips: 30_000, seed: SEED % 1000, shards: 2, readBytes: 500_000 })
    const { golden, out, checkpoints } = stream
    const job = stream.job('--checkpoint-interval', '100ms', '--format', 'jsonl')
    const commits = async () => (await newestLogState(checkpoints)).committed > 1
    expect(await job.reaches(commits, { what: 'a commit' })).toBe(true)
    const stopped = await job.kill('SIGTERM')
    expect(stopped).toMatchObject({ code: 0, signal: null })
    expect(complaints(stopped)).toEqual([])
    expect(stopped.out.trimEnd().split('\n').at(-1)).toBe('stopped with a checkpoint: go on with --resume --no-replay')
    expect(await newestLogState(checkpoints)).toMatchObject({ isOpen: true })
    expectPartOf(await outputOf(out, 'jsonl'), golden)
    expect(await unfinishedFiles(out)).toEqual([])

    // Without --resume it is refused, and touches nothing.
    const shown = await contents(out)
    const refused = await stream.job('--format', 'jsonl').ended
    expect(refused).toMatchObject({
      code: 1,
      error: `error: ${checkpoints} holds checkpoints: give --resume to go on from them, or another --checkpoints\n`,
    })
    expect(await contents(out)).toEqual(shown)

    const resumed = await stream.job('--format', 'jsonl', '--resume', '--parallelism', '4', '--fan-out').ended
    expect(resumed).toMatchObject({ code: 0, signal: null })
    expectSameRows(await outputOf(out, 'jsonl'), golden)
    expect(await unfinishedFiles(out)).toEqual([])

    expect(complaints(resumed)).toEqual([])
    const finished = await contents(out)
    const again = await stream.job('--format', 'jsonl', '--resume').ended
    expect(again).toMatchObject({ code: 0, signal: null })
    expect(await contents(out)).toEqual(finished)
  })

  it('says that it starts fresh where there is no checkpoint', { timeout: 60_000 }, async () => {
    const stream = await streamOfTrips({ trips: 2000, seed: SEED % 1000, shards: 1, readBytes: 10_000_000 })
    const fresh = await stream.job('--format', 'jsonl', '--resume').ended
    expect(fresh).toMatchObject({ code: 0, signal: null })
    expect(fresh.out).toContain(`no checkpoint in ${stream.checkpoints}: starting fresh\n`)
    expectSameRows(await outputOf(stream.out, 'jsonl'), stream.golden)
  })

  it('killed before its first checkpoint starts fresh, and says so', { timeout: 60_000 }, async () => {
    const stream = await streamOfTrips({ trips: 6000, seed: SEED % 1000, shards: 1, readBytes: 300_000 })
    const job = stream.job('--format', 'jsonl', '--checkpoint-interval', '1h')
    const isReading = () => /\d events /.test(job.out)
    expect(await job.reaches(isReading, { what: 'the first events' })).toBe(true)
    expect(await job.kill('SIGKILL')).toMatchObject({ signal: 'SIGKILL' })
    expect(await newestLogState(stream.checkpoints)).toMatchObject({ generation: 1, checkpoint: 0 })
    const again = await stream.job('--format', 'jsonl', '--resume', '--fan-out').ended
    expect(again).toMatchObject({ code: 0, signal: null })
    expect(complaints(again)).toEqual([])
    expect(again.out).toContain(`no checkpoint in ${stream.checkpoints}: starting fresh\n`)
    expectSameRows(await outputOf(stream.out, 'jsonl'), stream.golden)
    expect(await unfinishedFiles(stream.out)).toEqual([])
  })

  it('a fresh run replaces the results of the one before', { timeout: 60_000 }, async () => {
    const stream = await streamOfTrips({ trips: 2000, seed: SEED % 1000, shards: 2, readBytes: 10_000_000 })
    expect(await stream.job('--format', 'parquet').ended).toMatchObject({ code: 0, signal: null })
    expectSameRows(await outputOf(stream.out, 'parquet'), stream.golden)
    const elsewhere = ['--no-replay', '--kinesis', stream.url, '--out', stream.out, '--no-report']
    expect(await taxi(...elsewhere, '--format', 'jsonl').ended).toMatchObject({ code: 0, signal: null })
    expectSameRows(await outputOf(stream.out, 'jsonl'), stream.golden)
  })
})

/** Every visible file with its text. */
async function contents(out: string): Promise<Record<string, string>> {
  const files = await visibleFiles(out)
  const texts = await Promise.all(files.map((file) => readFile(join(out, file), 'utf8')))
  return Object.fromEntries(files.map((file, index) => [file, texts[index] ?? '']))
}
