import type { PlainResult } from '../../no-promise.js'
import type { Aggregate } from '../aggregate.js'

/** An aggregate over values of type `T`, whatever it keeps and gives. */
export type AnyAggregate<T> = Aggregate<T, unknown, unknown>

/** The row that a record of aggregates gives: each field has its aggregate's result. */
export type Results<As> = { [Field in keyof As]: As[Field] extends Aggregate<never, unknown, infer R> ? R : never }

/** Refuses aggregates, by their names, of which one waits: those that are objects of the user's own. */
export type PlainAggregates<As extends Readonly<Record<string, AnyAggregate<never>>>> = PlainResult<
  ReturnType<As[keyof As]['create' | 'add' | 'merge' | 'result']>
>

/** What `distinct` and `approximateDistinct` can tell apart. */
export type Scalar = string | number | bigint | boolean
