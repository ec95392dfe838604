export { type Aggregate, looksAggregated, openAggregate } from './aggregate.js'
export {
  type AggregatedRecord,
  Aggregator,
  type AggregatorOptions,
  hashKeyOfRecord,
  type UserRecord,
} from './aggregator.js'
export { deaggregate } from './deaggregate.js'
export { type HashKey, type HashKeyRange, hashKeyOf, hashKeyRange, isInRange, isWholeRange } from './hash-key.js'
