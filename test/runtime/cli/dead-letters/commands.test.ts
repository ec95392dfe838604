import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { collection } from '../../../../connectors/collection/index.js'
import { deadLetterLines, fileSink, firehoseErrors } from '../../../../connectors/file/index.js'
import { s3Sink } from '../../../../connectors/s3/index.js'
import type { DeadLetter, Sink } from '../../../../core/connector.js'
import { defineJob } from '../../../../core/job/job.js'
import { run } from '../../../../runtime/run.js'
import { STREAM, startStream } from '../../../connectors/kinesis/fixture.js'
import { storedIn } from '../../../connectors/kinesis/sink-fixture.js'
import { startLocalS3 } from '../../../servers/s3/index.js'
import { tidemark } from '../savepoint/command.js'

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'tidemark-letters-'))
  onTestFinished(() => rm(made, { recursive: true, force: true }))
  return made
}

const letter = (n: number, more: Partial<DeadLetter> = {}): DeadLetter => ({
  operatorId: 'parse',
  split: 'shard',
  offset: String(n),
  code: 'USER_FUNCTION_FAILED',
  message: `no number ${n}`,
  raw: Buffer.from(`{"n":${n}}`),
  isPart: false,
  arrivedAt: undefined,
  partitionKey: `key-${n}`,
  explicitHashKey: undefined,
  rejectedAt: Date.UTC(2030, 0, n),
  ...more,
})

const LETTERS = [
  letter(1),
  letter(2),
  letter(3, { operatorId: 'source', code: 'JSON_INVALID', raw: Buffer.from('\u001b[2Jno json') }),
  letter(4, { isPart: true }),
]

async function written(sink: Sink<DeadLetter>, letters: readonly DeadLetter[] = LETTERS): Promise<void> {
  const job = defineJob('letters', (builder) => {
    builder.from('letters', collection(letters)).to('out', sink)
  })
  await (await run(job, { parallelism: 1 })).result
}

async function lettersFolder(): Promise<string> {
  const path = await folder()
  await written(fileSink({ path, format: deadLetterLines() }))
  return path
}

beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'local')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'local-secret')
  vi.stubEnv('AWS_REGION', 'us-east-1')
  return () => {
    vi.unstubAllEnvs()
  }
})

describe('tidemark dead-letters show', () => {
  it('counts by step and cause, with a sample that does nothing to a terminal', async () => {
    const { code, out } = await tidemark('dead-letters', 'show', await lettersFolder())
    expect(code).toBe(0)
    expect(out).toMatch(/^operator +code +letters +first +last$/m)
    expect(out).toMatch(/^parse +USER_FUNCTION_FAILED +3 +2030-01-01T\S+ +2030-01-04T/m)
    expect(out).toMatch(/^source +JSON_INVALID +1 /m)
    expect(out).toContain('no number 1')
    expect(out).not.toContain('\u001b')
  })

  it('reads compressed documents as Firehose has them, from S3 too', async () => {
    const server = await startLocalS3({ buckets: ['dead'] })
    onTestFinished(() => server.close())
    await written(
      s3Sink({ to: 's3://dead/letters', format: firehoseErrors(), compression: 'gzip', endpoint: server.endpoint }),
    )
    const shown = ['dead-letters', 'show', 's3://dead/letters', '--s3-endpoint', server.endpoint, '--json']
    expect(JSON.parse((await tidemark(...shown)).out)).toMatchObject([
      { operator: 'parse', code: 'USER_FUNCTION_FAILED', count: 3 },
      { operator: 'source', code: 'JSON_INVALID', count: 1, first: '2030-01-03T00:00:00.000Z' },
    ])
  })

  it('takes those that are asked for', async () => {
    const path = await lettersFolder()
    const shown = await tidemark('dead-letters', 'show', path, '--operator', 'parse', '--since', '2030-01-02', '--json')
    expect(JSON.parse(shown.out)).toMatchObject([{ operator: 'parse', count: 2 }])
    expect((await tidemark('dead-letters', 'show', path, '--code', 'NONE')).out).toContain('no dead letters')
  })

  it('of what are no dead letters names file, line and what to do', async () => {
    const path = await folder()
    expect((await tidemark('dead-letters', 'show', path)).error).toContain('no file that ends in .jsonl')
    expect((await tidemark('dead-letters', 'show', join(path, 'none'))).error).toContain('there is no folder')
    await writeFile(join(path, 'rows.jsonl'), '{"n":1}\n')
    expect((await tidemark('dead-letters', 'show', path)).error).toContain('rows.jsonl:1: expected a dead letter')
  })

  it('does not pass over files that it cannot read', async () => {
    const path = await lettersFolder()
    await writeFile(join(path, 'more.jsonl.zst'), 'anything')
    const { code, error } = await tidemark('dead-letters', 'show', path)
    expect(code).toBe(1)
    expect(error).toContain('more.jsonl.zst is compressed with zstd')
  })

  it.each([
    '1',
    'yesterday',
    '12:00',
    '2026',
    '2026-02-30',
    '2026-11-31T12:00:00Z',
    '2026-02-29T00:00',
    '2026-11-21T24:00:00Z',
    '2026-11-21T12:60:00Z',
    '2026-11-21T12:00:00+25:00',
    '2026-11-21 noon',
    '2026-11-21T12:00:00Z or so',
  ])('takes no time from %s', async (since) => {
    const { code, error } = await tidemark('dead-letters', 'show', await lettersFolder(), '--since', since)
    expect(code).not.toBe(0)
    expect(error).toContain('Expected a date or a time such as')
  })

  it('takes a time without a zone as UTC, wherever the machine stands', async () => {
    vi.stubEnv('TZ', 'Asia/Kathmandu')
    expect(new Date(0).getTimezoneOffset()).toBe(-330)
    const path = await folder()
    await written(fileSink({ path, format: deadLetterLines() }), [letter(2, { rejectedAt: Date.UTC(2030, 0, 2, 12) })])
    const found = async (since: string): Promise<boolean> => {
      const { code, out } = await tidemark('dead-letters', 'show', path, '--since', since)
      expect(code).toBe(0)
      return /^parse /m.test(out)
    }
    for (const since of ['2030-01-02', '2030-01-02T12:00', '2030-01-02 12:00:00', '2030-01-02T14:00:00+02:00']) {
      expect(await found(since)).toBe(true)
    }
    for (const since of ['2030-01-03', '2030-01-02T12:01', '2030-01-02 12:00:00.001', '2030-01-02T12:00:00-02:00']) {
      expect(await found(since)).toBe(false)
    }
  })

  it('asks for a place where none is given', async () => {
    expect((await tidemark('dead-letters', 'show', '')).error).toContain('expected a folder or s3://bucket/prefix')
  })
})

describe('tidemark dead-letters replay', () => {
  it('does nothing without --yes', async () => {
    const path = await lettersFolder()
    const before = await readdir(path)
    const { out } = await tidemark('dead-letters', 'replay', path, '--to', join(path, 'again'))
    expect(out).toMatch(/^3 would be put .*--yes/m)
    expect(out).toContain('1 are parts of records')
    expect(await readdir(path)).toEqual(before)
  })

  it('puts raw bytes into a file, and none of them a second time', async () => {
    const path = await lettersFolder()
    const to = join(await folder(), 'again')
    const replay = ['dead-letters', 'replay', path, '--to', to, '--yes']
    expect((await tidemark(...replay, '--operator', 'source')).out).toContain('1 put into')
    expect((await tidemark(...replay)).out).toMatch(/2 put into[\s\S]*1 were put there before/)
    expect((await tidemark(...replay)).out).toMatch(/0 put into[\s\S]*3 were put there before/)
    expect(await readFile(to, 'utf8')).toBe('\u001b[2Jno json\n{"n":1}\n{"n":2}\n')
    expect((await tidemark(...replay, '--again', '--parts', '--code', 'USER_FUNCTION_FAILED')).out).toContain('3 put')
    expect((await tidemark('dead-letters', 'show', path, '--operator', 'parse')).out).toMatch(/ 3 /)
  })

  it('ends a line first that a replay has left half, and gives a record without bytes an empty line', async () => {
    const path = await folder()
    const letters = ['one', '', 'two\n'].map((raw, at) => letter(at + 1, { raw: Buffer.from(raw) }))
    await written(fileSink({ path, format: deadLetterLines() }), letters)
    const to = join(await folder(), 'again')
    await writeFile(to, 'half a li')
    const replay = ['dead-letters', 'replay', path, '--to', to, '--yes']
    expect((await tidemark(...replay)).out).toContain('3 put into')
    expect(await readFile(to, 'utf8')).toBe('half a li\none\n\ntwo\n')
    expect((await tidemark(...replay, '--again')).out).toContain('3 put into')
    expect(await readFile(to, 'utf8')).toBe('half a li\none\n\ntwo\none\n\ntwo\n')
    await writeFile(to, '')
    expect((await tidemark(...replay, '--again')).out).toContain('3 put into')
    expect(await readFile(to, 'utf8')).toBe('one\n\ntwo\n')
  })

  it('leaves out of a file what would be several lines there, names it, and puts the others once', async () => {
    const path = await folder()
    const twoLines = letter(2, { raw: Buffer.from('one\ntwo') })
    const endedLine = letter(3, { raw: Buffer.from('three\n') })
    await written(fileSink({ path, format: deadLetterLines() }), [letter(1), twoLines, endedLine])
    const to = join(await folder(), 'again')
    const asked = await tidemark('dead-letters', 'replay', path, '--to', to)
    expect(asked.error).toMatch(/^2 would be put [\s\S]*1 can never be put there.*\.jsonl:2 \(.*line break/)
    const replay = ['dead-letters', 'replay', path, '--to', to, '--yes']
    const first = await tidemark(...replay)
    expect(first.code).toBe(1)
    expect(first.error).toMatch(/^2 put into[\s\S]*1 can never be put there.*\.jsonl:2 \(.*into a stream/)
    expect(await readFile(to, 'utf8')).toBe('{"n":1}\nthree\n')
    expect((await tidemark(...replay)).error).toMatch(/^0 put into[\s\S]*2 were put there before/)
    expect(await readFile(to, 'utf8')).toBe('{"n":1}\nthree\n')
  })

  it('puts none a second time that a replay of a folder below has put', async () => {
    const path = await folder()
    for (const day of ['day=01', 'day=02']) {
      await written(fileSink({ path: join(path, day), format: deadLetterLines() }), [letter(day === 'day=01' ? 1 : 2)])
    }
    const to = join(await folder(), 'again')
    const replay = (of: string) => tidemark('dead-letters', 'replay', of, '--to', to, '--yes')
    expect((await replay(join(path, 'day=01'))).out).toContain('1 put into')
    expect((await replay(path)).out).toMatch(/1 put into[\s\S]*1 were put there before/)
    expect((await replay(path)).out).toMatch(/0 put into[\s\S]*2 were put there before/)
    expect(await readFile(to, 'utf8')).toBe('{"n":1}\n{"n":2}\n')
  })

  it('puts them into a stream, each under the key it came by', async () => {
    const { server, client } = await startStream(2)
    const path = await lettersFolder()
    const stream = ['--to', `kinesis:${STREAM}`, '--kinesis-endpoint', server.url]
    const replay = ['dead-letters', 'replay', path, ...stream, '--operator', 'parse', '--yes']
    expect(await tidemark(...replay)).toMatchObject({ code: 0, error: '' })
    expect((await tidemark(...replay)).out).toContain('0 put into')
    const stored = (await storedIn(client)).map(({ partitionKey, text }) => [partitionKey, text]).sort()
    expect(stored).toEqual([
      ['key-1', '{"n":1}'],
      ['key-2', '{"n":2}'],
    ])
  })

  it('puts all others where a stream can never take one, names it, and puts none of them twice', async () => {
    const { server, client } = await startStream(1)
    const path = await folder()
    const tooLarge = letter(2, { raw: new Uint8Array(3 * 1024 * 1024) })
    await written(fileSink({ path, format: deadLetterLines() }), [letter(1), tooLarge, letter(3)])
    const replay = [
      'dead-letters',
      'replay',
      path,
      '--to',
      `kinesis:${STREAM}`,
      '--kinesis-endpoint',
      server.url,
      '--yes',
    ]
    const first = await tidemark(...replay)
    expect(first.code).toBe(1)
    expect(first.error).toMatch(/^2 put into[\s\S]*1 can never be put there.*\.jsonl:2 \(/)
    expect((await tidemark(...replay)).error).toMatch(/^0 put into[\s\S]*2 were put there before/)
    expect((await storedIn(client)).map(({ text }) => text).sort()).toEqual(['{"n":1}', '{"n":3}'])
  })

  it('remembers nothing of what a stream has not taken', async () => {
    const { server } = await startStream(1)
    const path = await lettersFolder()
    const replay = ['dead-letters', 'replay', path, '--kinesis-endpoint', server.url, '--yes']
    expect(await tidemark(...replay, '--to', 'kinesis:unknown')).toMatchObject({ code: 1 })
    expect((await tidemark(...replay, '--to', 'kinesis:unknown')).out).not.toContain('before')
  })

  it('refuses a target of another kind', async () => {
    const { error } = await tidemark('dead-letters', 'replay', await lettersFolder(), '--to', 's3://bucket/key')
    expect(error).toContain('expected kinesis:<stream> or the path of a file')
  })
})
