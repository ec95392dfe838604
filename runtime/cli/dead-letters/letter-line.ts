import { TidemarkError } from '../../../core/errors.js'

/** A dead letter as it lies in a file. */
export interface StoredLetter {
  /** File and line: what it is remembered by when it has been replayed. */
  readonly id: string
  readonly operatorId: string
  readonly split: string
  readonly offset: string
  readonly code: string
  readonly message: string
  readonly raw: Uint8Array
  readonly isPart: boolean
  readonly partitionKey: string | undefined
  readonly explicitHashKey: string | undefined
  readonly rejectedAt: number
}

/**
 * A line of `deadLetterLines()`, or a document of `firehoseErrors()`, which has the same under Firehose's names.
 * @throws TidemarkError DEAD_LETTER_INVALID
 */
export function letterOf(line: string, id: string): StoredLetter {
  let fields: Readonly<Record<string, unknown>>
  try {
    fields = JSON.parse(line)
  } catch (cause) {
    throw invalid(id, 'no JSON', cause)
  }
  if (typeof fields !== 'object' || fields === null) throw invalid(id, 'no object')
  const text = (name: string): string => {
    const found = fields[name]
    return typeof found === 'string' ? found : ''
  }
  const optional = (name: string): string | undefined => text(name) || undefined
  const isFirehose = 'rawData' in fields
  const raw = fields[isFirehose ? 'rawData' : 'raw']
  const rejectedAt = fields[isFirehose ? 'attemptEndingTimestamp' : 'rejectedAt']
  if (typeof raw !== 'string' || typeof rejectedAt !== 'number')
    throw invalid(id, 'an object without raw bytes and a time')
  return {
    id,
    operatorId: text('operatorId'),
    split: text('split'),
    offset: text('offset'),
    code: text(isFirehose ? 'errorCode' : 'code'),
    message: text(isFirehose ? 'errorMessage' : 'message'),
    raw: Buffer.from(raw, 'base64'),
    isPart: fields['isPart'] === true,
    partitionKey: optional('partitionKey'),
    explicitHashKey: optional('explicitHashKey'),
    rejectedAt,
  }
}

function invalid(id: string, found: string, cause?: unknown): TidemarkError {
  return new TidemarkError({
    code: 'DEAD_LETTER_INVALID',
    domain: 'user',
    message:
      `${id}: expected a dead letter as deadLetterLines() or firehoseErrors() writes it, found ${found}. Name a folder or ` +
      's3://bucket/prefix that holds dead letters alone',
    ...(cause === undefined ? {} : { cause }),
  })
}
