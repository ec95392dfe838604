import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { boundedOutOfOrderness, defineJob, jsonUnchecked, seconds } from 'tidemark'
import { collectInto } from 'tidemark/collection'
import { files, jsonLines } from 'tidemark/file'
import { run } from 'tidemark/run'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

interface Reading {
  readonly at: number
}

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-timestamps-'))
  await writeFile(join(folder, 'in.jsonl'), '{"at":1}\n{"at":-5}\n{"at":2}\n{"at":9e15}\n{"at":null}\n{"at":3}\n')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function read(
  onMalformed: 'fail' | 'deadLetter' | 'skip',
  timestamp: (reading: Reading) => number = (reading) => reading.at,
) {
  const rows: Reading[] = []
  const letters: { code: string; offset: string; raw: string }[] = []
  const job = defineJob('readings', (builder) => {
    const readings = builder.from(
      'in',
      files({ path: join(folder, 'in.jsonl'), format: jsonLines(jsonUnchecked<Reading>()), onMalformed }),
      boundedOutOfOrderness({ timestamp, maxDelay: seconds(0) }),
    )
    readings.to('out', collectInto(rows))
    readings.malformed
      .map(({ code, offset, raw }) => ({ code, offset, raw: new TextDecoder().decode(raw) }))
      .to('letters', collectInto(letters))
  })
  const { progress } = await (await run(job)).result
  return { rows, letters, counters: progress.operators.find(({ id }) => id === 'in')?.counters }
}

describe('a record whose timestamp is none', () => {
  it('fails the job by default, naming source and split', async () => {
    await expect(read('fail')).rejects.toMatchObject({
      code: 'TIMESTAMP_INVALID',
      operatorId: 'in',
      location: expect.stringMatching(/^split .*in\.jsonl, offset 9$/),
    })
  })

  it('goes to the dead letters under that policy, counted, and the others go on', async () => {
    const { rows, letters, counters } = await read('deadLetter')
    expect(rows).toEqual([{ at: 1 }, { at: 2 }, { at: 3 }])
    expect(letters).toEqual([
      { code: 'TIMESTAMP_INVALID', offset: '9', raw: '{"at":-5}' },
      { code: 'TIMESTAMP_INVALID', offset: '28', raw: '{"at":9000000000000000}' },
      { code: 'TIMESTAMP_INVALID', offset: '40', raw: '{"at":null}' },
    ])
    expect(counters).toMatchObject({ malformedRecords: 3, recordsRead: 6 })
  })

  it('is dropped and counted under skip', async () => {
    const { rows, letters, counters } = await read('skip')
    expect(rows).toHaveLength(3)
    expect(letters).toEqual([])
    expect(counters).toMatchObject({ skippedRecords: 3 })
  })
})

describe('a record at which the timestamp function throws', () => {
  // As people write it who know that the time is always there.
  const throwing = ({ at }: Reading): number => {
    if (at === null || at < 0 || at > 1e10) throw new RangeError(`no time: ${at}`)
    return at
  }

  it('fails the job by default, with what was thrown', async () => {
    await expect(read('fail', throwing)).rejects.toMatchObject({
      code: 'USER_FUNCTION_FAILED',
      message: expect.stringContaining('no time: -5'),
    })
  })

  it('follows the policy of its source like one whose timestamp is none', async () => {
    const { rows, letters, counters } = await read('deadLetter', throwing)
    expect(rows).toEqual([{ at: 1 }, { at: 2 }, { at: 3 }])
    expect(letters.map(({ code, offset }) => [code, offset])).toEqual([
      ['TIMESTAMP_INVALID', '9'],
      ['TIMESTAMP_INVALID', '28'],
      ['TIMESTAMP_INVALID', '40'],
    ])
    expect(counters).toMatchObject({ malformedRecords: 3, recordsRead: 6 })
    expect((await read('skip', throwing)).counters).toMatchObject({ skippedRecords: 3 })
  })
})
