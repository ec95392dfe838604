import { describe, expect, it } from 'vitest'
import type { WriterContext } from '../../../core/connector.js'
import type { Logger } from '../../../core/context.js'
import { TidemarkError } from '../../../core/errors.js'
import { defineJob } from '../../../core/job/job.js'
import { childLogger } from '../../../runtime/observe/child-logger.js'
import { lineLogger } from '../../../runtime/observe/console-logger.js'
import { type JsonLoggerOptions, jsonLogger } from '../../../runtime/observe/json-logger.js'
import { run } from '../../../runtime/run.js'
import { LedgerSink } from '../fixture/ledger-sink.js'
import { row, Script } from '../fixture/script.js'

function json(options: Omit<JsonLoggerOptions, 'write'> = {}) {
  const lines: Record<string, unknown>[] = []
  const logger = jsonLogger({ ...options, write: (line) => lines.push(JSON.parse(line)) })
  return { logger, lines }
}

class LoggingSink extends LedgerSink {
  override write(context: WriterContext) {
    context.logger.info('writing')
    return super.write(context)
  }
}

const HOSTILE = {
  password: 'hunter2',
  AWS_SECRET_ACCESS_KEY: 'hunter2',
  sessionToken: 'hunter2',
  'x-api-key': 'hunter2',
  nested: { Authorization: 'Bearer hunter2hunter2', list: ['https://user:hunter2@host/path'] },
  url: 's3://bucket/key?X-Amz-Signature=hunter2&x=1',
  header: 'Authorization: Bearer hunter2hunter2',
  error: new TidemarkError({ code: 'STORAGE_FAILED', domain: 'storage', message: 'http://u:hunter2@host failed' }),
}

describe('the logger of JSON lines', () => {
  it('writes one object a line with level, time, message and fields', () => {
    const { logger, lines } = json({ clock: { now: () => Date.UTC(2030, 0, 1) }, fields: { job: 'taxi' } })
    logger.warn('two\nlines', { checkpoint: 7 })
    expect(lines).toEqual([
      { level: 'warn', time: '2030-01-01T00:00:00.000Z', job: 'taxi', msg: 'two\nlines', checkpoint: 7 },
    ])
  })

  it('leaves out what is below its level', () => {
    const { logger, lines } = json({ level: 'warn' })
    logger.debug('a')
    logger.info('b')
    logger.warn('c')
    logger.error('d')
    expect(lines.map(({ msg }) => msg)).toEqual(['c', 'd'])
  })

  it('takes whatever a function logs', () => {
    const { logger, lines } = json()
    const cycle: Record<string, unknown> = {
      big: 10n,
      symbol: Symbol('s'),
      when: new Date(0),
      never: new Date(Number.NaN),
    }
    cycle['self'] = cycle
    logger.info('odd', { cycle, nothing: null, error: new RangeError('broke') })
    expect(lines[0]).toMatchObject({
      cycle: { big: '10', symbol: 'Symbol(s)', when: '1970-01-01T00:00:00.000Z', never: 'an invalid date' },
      nothing: null,
      error: { type: 'RangeError', message: 'broke' },
    })
  })
})

describe('secrets', () => {
  it.each([
    ['JSON', (write: (line: string) => void): Logger => jsonLogger({ write })],
    ['text', (write: (line: string) => void): Logger => lineLogger({ write, level: 'info' })],
  ])('are in no line of %s', (_what, make) => {
    const lines: string[] = []
    const logger = make((line) => lines.push(line))
    logger.info('connecting to https://me:hunter2@host, key AKIAABCDEFGHIJKLMNOP', HOSTILE)
    expect(lines).toHaveLength(1)
    expect(lines[0]).not.toMatch(/hunter2|AKIAABCD/)
    expect(lines[0]).toMatch(/\[redacted\]/)
    expect(lines[0]).toMatch(/STORAGE_FAILED/)
  })

  it('are told from what only sounds like one', () => {
    const { logger, lines } = json()
    const fields = { tokens: 5, keyGroup: 3, secretary: undefined, email: 'a@b.example', to: 's3://bucket/a@b' }
    logger.info('five tokens at 12:30', fields)
    expect(lines[0]).toMatchObject({
      msg: 'five tokens at 12:30',
      tokens: 5,
      keyGroup: 3,
      email: 'a@b.example',
      to: 's3://bucket/a@b',
    })
  })
})

describe('the lines of a job', () => {
  it('carry the job, and within a subtask its operator and its number', async () => {
    const { logger, lines } = json()
    const job = defineJob('copy', (build) => {
      build
        .from('rows', new Script().push('a', row(1)).end())
        .map({
          open: ({ logger: own }) => own.info('opened', { subtask: 'mine' }),
          map: (value) => value,
        })
        .to('out', new LoggingSink())
    })
    const handle = await run(job, { logger, parallelism: 2 })
    await handle.result
    const written = lines.filter(({ msg }) => msg === 'writing')
    expect(written).toMatchObject([0, 1].map((subtask) => ({ job: 'copy', operator: 'out', subtask })))
    expect(lines.filter(({ msg }) => msg === 'opened')).toMatchObject([{ subtask: 'mine' }, { subtask: 'mine' }])
  })

  it('keep their own fields where the logger was given the same', () => {
    const { logger, lines } = json()
    childLogger(childLogger(logger, { job: 'taxi', operator: 'a' }), { operator: 'b' }).error('x', { job: 'other' })
    expect(lines[0]).toMatchObject({ job: 'other', operator: 'b' })
  })
})
