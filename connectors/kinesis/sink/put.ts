import type { PutRecordsCommandOutput } from '@aws-sdk/client-kinesis'
import { type CallAnswer, DONE, type RecordOutcome } from '../../batching/call.js'
import type { ClientLease } from '../client.js'
import type { StreamName } from '../stream-name.js'
import { callFailure, type PutContext, recordFailure } from './failure.js'
import type { OutgoingRecord } from './outgoing.js'

export interface PutOptions {
  readonly lease: ClientLease
  readonly stream: StreamName
  readonly context: PutContext
}

/** Puts records in one PutRecords. Never rejects for what Kinesis says. */
export async function put(
  { lease, stream, context }: PutOptions,
  records: readonly OutgoingRecord[],
  signal: AbortSignal,
): Promise<CallAnswer> {
  const command = new lease.sdk.PutRecordsCommand({
    ...stream,
    Records: records.map(({ data, partitionKey, explicitHashKey }) => ({
      Data: data,
      PartitionKey: partitionKey,
      ...(explicitHashKey === undefined ? {} : { ExplicitHashKey: explicitHashKey }),
    })),
  })
  let results: PutRecordsCommandOutput['Records']
  try {
    results = (await lease.client.send(command, { abortSignal: signal })).Records
  } catch (thrown) {
    return callFailure(signal.aborted ? signal.reason : thrown, context)
  }
  const outcomes: RecordOutcome[] = []
  for (let index = 0; index < records.length; index++) {
    const result = results?.[index]
    const isPut = result?.SequenceNumber !== undefined && result.ErrorCode === undefined
    outcomes.push(isPut ? DONE : recordFailure(result?.ErrorCode, result?.ErrorMessage))
  }
  return { kind: 'records', outcomes }
}
