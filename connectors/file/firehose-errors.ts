import type { DeadLetter } from '../../core/connector.js'
import type { FileSinkFormat } from './format.js'
import { LineEncoder } from './line-encoder.js'

/**
 * Dead letters as the documents that Amazon Data Firehose leaves below its error prefix, one a line: `attemptsMade`,
 * `arrivalTimestamp` (of the rejection where the letter has no arrival), `errorCode`, `errorMessage`,
 * `attemptEndingTimestamp`, `rawData` in base64; and `operatorId`, `split` and `offset`, which Firehose has not.
 */
export function firehoseErrors(): FileSinkFormat<DeadLetter> {
  return {
    name: 'Firehose error documents',
    extension: '.jsonl',
    load: async () => () => new LineEncoder(documentOf),
  }
}

function documentOf({ code, message, raw, arrivedAt, rejectedAt, operatorId, split, offset }: DeadLetter): string {
  return JSON.stringify({
    // A row that does not fit fits no better at a second attempt.
    attemptsMade: 1,
    arrivalTimestamp: arrivedAt ?? rejectedAt,
    errorCode: code,
    errorMessage: message,
    attemptEndingTimestamp: rejectedAt,
    rawData: Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('base64'),
    operatorId,
    split,
    offset,
  })
}
