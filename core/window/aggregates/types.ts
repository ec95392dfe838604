import type { Aggregate } from '../aggregate.js'

/** An aggregate over values of type `T`, whatever it keeps and gives. */
export type AnyAggregate<T> = Aggregate<T, unknown, unknown>

/** The row that a record of aggregates gives: each field has its aggregate's result. */
export type Results<As> = { [Field in keyof As]: As[Field] extends Aggregate<never, unknown, infer R> ? R : never }

/** What `distinct` and `approximateDistinct` can tell apart. */
export type Scalar = string | number | bigint | boolean
