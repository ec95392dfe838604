import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { parseTaxiOptions } from '../../../../examples/taxi/run/options.js'

const NOWHERE = 'http://127.0.0.1:9'

describe('options of the taxi command that do not go together', () => {
  it.each<[string, readonly string[], string]>([
    ['--resume without --kinesis', ['--resume', '--checkpoints', 'x'], '--resume needs --kinesis'],
    ['--resume without --checkpoints', ['--resume', '--kinesis', NOWHERE], '--resume needs --checkpoints'],
    ['--no-replay without --kinesis', ['--no-replay'], '--no-replay needs --kinesis'],
    [
      '--stop-after without --savepoint',
      ['--stop-after', '5', '--kinesis', NOWHERE],
      '--stop-after EVENTS and --savepoint PATH go together',
    ],
    ['--savepoint without --stop-after', ['--savepoint', 'x'], '--stop-after EVENTS and --savepoint PATH go together'],
    ['--savepoint without --kinesis', ['--stop-after', '5', '--savepoint', 'x'], '--stop-after needs --kinesis'],
    ['--from-savepoint without --kinesis', ['--from-savepoint', 'x'], '--from-savepoint needs --kinesis'],
    ['--s3-endpoint without a place on S3', ['--s3-endpoint', NOWHERE], '--s3-endpoint goes with'],
  ])('are refused: %s', (_what, args, message) => {
    expect(() => parseTaxiOptions(args)).toThrow(expect.objectContaining({ message: expect.stringContaining(message) }))
  })
})

describe('an option of the taxi command that cannot be read', () => {
  let said = ''
  beforeEach(() => {
    said = ''
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      said += text
      return true
    })
    vi.spyOn(process, 'exit').mockImplementation((code) => {
      throw new RangeError(`ended with ${code}`)
    })
  })
  afterEach(() => {
    vi.restoreAllMocks()
  })

  it.each<[string, readonly string[], RegExp]>([
    ['a parallelism of 0', ['--parallelism', '0'], /^error: .*'0' is invalid\. Expected a whole number.*\n$/],
    [
      'a duration without a unit',
      ['--checkpoint-interval', '5'],
      /^error: .*'5' is invalid\. Expected a number and a unit.*\n$/,
    ],
    [
      'a format it has not',
      ['--format', 'csv'],
      /^error: .*'csv' is invalid\. Allowed choices are jsonl, parquet\.\n$/,
    ],
    ['an argument that is no option', ['trips.csv'], /^error: too many arguments.*\n$/],
  ])('ends it with one line: %s', (_what, args, line) => {
    expect(() => parseTaxiOptions(args)).toThrow('ended with 1')
    expect(said).toMatch(line)
  })
})
