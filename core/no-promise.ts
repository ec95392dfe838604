import type { CompileError } from './compile-error.js'

/*
 * What refuses promises where nobody waits for them, in the compiler. It stands beside the type that is inferred
 * (`fn: MapFunction<T, R> & NoPromise<R, '...'>`) and not as its bound: a bound would be circular.
 *
 * Callers that are generic themselves have no more than a type parameter to show. It has to be let through: see `Among`.
 */

/** `unknown`, which changes nothing, unless `R` is a promise or one of several that is: then nothing fits. */
export type NoPromise<R, Message extends string> = 'promise' extends Among<R> ? CompileError<Message> : unknown

/**
 * `any` may be what it likes. It is told apart first, and in brackets, because the compiler puts something like `any` for
 * the parameters of a generic caller when it asks whether the answer could be the other one.
 */
type Among<R> = [0] extends [1 & R] ? 'any' : R extends PromiseLike<unknown> ? 'promise' : never

/** Of rows that a function gives. */
export type PlainRows<R> = NoPromise<
  R,
  'A row is a value, not a promise: nobody waits for it. Wait in stream.mapAsync(id, async (value) => ...), before this step or behind it.'
>

/** Of what an aggregate selects, keeps and gives. */
export type PlainResult<R> = NoPromise<
  R,
  'An aggregate does not wait for a promise. Wait in stream.mapAsync(id, async (value) => ...), before keyBy.'
>

/** Of what state holds. */
export type PlainState<V> = NoPromise<
  V,
  'State holds values, not promises. Wait in stream.mapAsync(id, async (value) => ...), before this step, and keep what came.'
>
