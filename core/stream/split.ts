import type { CompileError } from '../compile-error.js'
import type { Stream } from './stream.js'

/** Predicates by the name of their branch. */
export type Branches<T> = Readonly<Record<string, (value: T) => boolean>>

/** What no branch may be called. */
export interface TakenBranches {
  readonly rest?: CompileError<"'rest' has the records that no branch takes. Call the branch something else.">
  readonly failed?: CompileError<"'failed' has dead letters, on every stream. Call the branch something else.">
}

/** A branch whose predicate narrows has the narrow type; `rest` has what such predicates leave. */
export type SplitStreams<T, B extends Branches<T>> = {
  readonly [Name in keyof B]: Stream<Narrowed<T, B[Name], T>>
} & {
  /** Records for which no predicate holds. They are counted (`recordsInNoBranch`), read or not. */
  readonly rest: Stream<Exclude<T, { readonly [Name in keyof B]: Narrowed<T, B[Name], never> }[keyof B]>>
}

/** What a predicate narrows `T` to, `Otherwise` when it does not narrow. */
type Narrowed<T, Predicate, Otherwise> = Predicate extends (value: T) => value is Part<T, infer N> ? N : Otherwise
type Part<T, N> = N extends T ? N : never
