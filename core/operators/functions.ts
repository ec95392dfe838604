import type { FunctionContext } from '../context.js'

/**
 * The life of a user function that is an object. The object serves every subtask of its process; what belongs to one
 * subtask (a client, a cache, a counter) is what `open` returns: the function and `close` get it as their last argument.
 */
export interface LifeCycle<C> {
  /** Once a subtask, before the first record. The task starts when it resolves. */
  open?(context: FunctionContext): C | Promise<C>
  /** Once for each `open` that succeeded: at the end, after a failure and when the job is cancelled. */
  close?(opened: C): void | Promise<void>
}

export interface MapObject<in T, out R, C> extends LifeCycle<C> {
  map(value: T, opened: C): R
}
export interface FilterObject<in T, C> extends LifeCycle<C> {
  filter(value: T, opened: C): boolean
}
export interface FlatMapObject<in T, out R, C> extends LifeCycle<C> {
  flatMap(value: T, opened: C): Iterable<R>
}

export type MapFunction<T, R, C = undefined> = ((value: T) => R) | MapObject<T, R, C>
export type FilterFunction<T, C = undefined> = ((value: T) => boolean) | FilterObject<T, C>
/** Its result is iterated as the output has room, so a generator may yield without end. */
export type FlatMapFunction<T, R, C = undefined> = ((value: T) => Iterable<R>) | FlatMapObject<T, R, C>

/** What a process function gives: rows of its main output, one by one as there is room, or nothing. */
// biome-ignore lint/suspicious/noConfusingVoidType: a function without a return statement is one that emits nothing
export type Emitted<R> = Iterable<R> | undefined | void
