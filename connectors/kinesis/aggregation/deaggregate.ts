import type { HashRange } from '../split.js'
import { openAggregate } from './aggregate.js'
import type { UserRecord } from './aggregator.js'
import { hashKeyRange } from './hash-key.js'

/**
 * The user records of an aggregated (KPL) record, as a consumer of one's own needs it (a Lambda function); the source
 * does this by itself. Undefined: it is a plain record, or a damaged one, which is to be taken as it is.
 * @param range of the shard that the record was read from: what lies outside it is left out, since its producer has put
 * it again where it belongs. Default: nothing is left out.
 */
export function deaggregate(data: Uint8Array, range?: HashRange): UserRecord[] | undefined {
  const aggregate = openAggregate(data, range && hashKeyRange(range))
  if (aggregate === undefined) return undefined
  const records: UserRecord[] = []
  while (aggregate.next()) {
    if (!aggregate.isInShard) continue
    const { partitionKey, explicitHashKey, data: userData } = aggregate
    records.push({ partitionKey, explicitHashKey, data: userData })
  }
  return records
}
