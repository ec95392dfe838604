import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { TidemarkError } from '../../../core/errors.js'
import { type RunOutputOptions, runOutput } from '../../../runtime/cli/run-output.js'
import type { JobProgress } from '../../../runtime/local/progress.js'

const progress: JobProgress = {
  status: 'running',
  generation: 1,
  recordsRead: 1234,
  watermark: Date.UTC(2020, 0, 1),
  checkpoints: { completed: 2, failed: 0, last: undefined },
  operators: [],
  longestTurnMs: 1,
}

function output(options: Partial<RunOutputOptions> = {}, isTerminal = true) {
  let text = ''
  const note = (more: string): void => {
    text += more
  }
  const stream = new PassThrough()
  stream.on('data', (chunk: Buffer) => note(chunk.toString()))
  // Of a terminal the output uses these two alone.
  const terminal = Object.assign(stream, { isTTY: isTerminal }) as unknown as NodeJS.WriteStream
  const io = { out: () => undefined, err: note, terminal }
  return {
    told: runOutput({ job: 'taxi', format: 'text', level: undefined, quiet: false, ...options }, io),
    read: () => text,
  }
}

describe('what tidemark run tells', () => {
  it('names the URL once, and says when the usual port was taken', () => {
    const { told, read } = output()
    told.started('http://127.0.0.1:7070', false)
    told.started('http://127.0.0.1:9000', false)
    told.started('http://127.0.0.1:9000', true)
    expect(read()).toBe(
      [
        'operations at http://127.0.0.1:7070\n',
        'operations at http://127.0.0.1:9000 (port 7070 is taken)\n',
        'operations at http://127.0.0.1:9000\n',
      ].join(''),
    )
  })

  it('shows progress on one line of a terminal, and on lines of their own elsewhere', () => {
    const terminal = output()
    terminal.told.progress(progress)
    expect(terminal.read()).toBe('\r\u001b[2K1,234 records  event time 2020-01-01T00:00:00.000Z  2 checkpoints')
    const file = output({}, false)
    file.told.progress(progress)
    expect(file.read()).toBe('1,234 records  event time 2020-01-01T00:00:00.000Z  2 checkpoints\n')
  })

  it('tells nothing but errors when it is to be quiet', () => {
    const { told, read } = output({ quiet: true })
    told.started('http://127.0.0.1:7070', false)
    told.progress(progress)
    told.signal('info', 'stopping')
    told.ended({ status: 'stopped', progress })
    expect(read()).toBe('')
    told.signal('error', 'too late')
    expect(read()).toBe('\ntoo late\n')
  })

  it('logs progress once a minute as JSON, and a failure with where it was', () => {
    const { told, read } = output({ format: 'json' }, false)
    for (let second = 0; second < 61; second++) told.progress(progress)
    expect(told.failed(new RangeError('broke'))).toBe(true)
    const error = new TidemarkError({
      code: 'X_BROKE',
      domain: 'user',
      message: 'broke',
      operatorId: 'map-1',
      location: 'index 2',
    })
    told.failed(error)
    const lines = read()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.map(({ msg }) => msg)).toEqual([
      'progress',
      'progress',
      'the job failed: broke',
      'the job failed: broke',
    ])
    expect(lines[0]).toMatchObject({ job: 'taxi', recordsRead: 1234, watermark: '2020-01-01T00:00:00.000Z' })
    expect(lines[3]).toMatchObject({ level: 'error', code: 'X_BROKE', operator: 'map-1', location: 'index 2' })
  })
})
