import type { CompileError } from '../../compile-error.js'
import { isPromise } from '../../promises.js'
import { invalid, type Place, requireSelector } from '../settings.js'
import { valueInvalid } from '../value-invalid.js'

/** One record of a match, by the name of its step. */
export type Captures<T> = Readonly<Record<string, T>>

export type Test<T> = (record: T, captures: Captures<T>) => boolean

export interface PatternStep<T> {
  readonly name: string
  readonly test: Test<T>
  /** Any of these ends the partial match when it comes before the step does. */
  readonly without: readonly Test<T>[]
  /** Nothing may come before it. */
  readonly isNext: boolean
}

/** What a sequence looks for. Made by `sequence`; its steps stand in the order in which they are written. */
export interface PatternStart<T> {
  /** The first record of a match. A test that narrows narrows the capture. */
  begin<N extends string, U extends T>(name: N, test: (record: T) => record is U): Pattern<T, Capture<N, U>>
  begin<N extends string>(name: N, test: (record: T) => boolean): Pattern<T, Capture<N, T>>
}

/** `C` is what has been captured so far, by name. */
export interface Pattern<T, C> {
  /** A later record; whatever comes between is passed over. (Flink: `followedBy`, relaxed contiguity.) */
  followedBy<N extends string, U extends T>(
    name: N & NewName<N, C>,
    test: (record: T, captures: C) => record is U,
  ): Pattern<T, Both<C, Capture<N, U>>>
  followedBy<N extends string>(
    name: N & NewName<N, C>,
    test: (record: T, captures: C) => boolean,
  ): Pattern<T, Both<C, Capture<N, T>>>

  /** The record of the key that comes next: another one ends the partial match. (Flink: `next`, strict contiguity.) */
  next<N extends string, U extends T>(
    name: N & NewName<N, C>,
    test: (record: T, captures: C) => record is U,
  ): Pattern<T, Both<C, Capture<N, U>>>
  next<N extends string>(
    name: N & NewName<N, C>,
    test: (record: T, captures: C) => boolean,
  ): Pattern<T, Both<C, Capture<N, T>>>

  /**
   * No such record before the next step; as the last of all: none until the time is over, which is when the match then
   * comes out. (Flink: `notFollowedBy`.)
   */
  notFollowedBy(test: (record: T, captures: C) => boolean): Pattern<T, C>
}

type Capture<N extends string, U> = { readonly [Name in N]: U }
type Both<C, D> = {
  readonly [Name in keyof C | keyof D]: Name extends keyof D ? D[Name] : Name extends keyof C ? C[Name] : never
}
type NewName<N extends string, C> = N extends keyof C
  ? CompileError<'A step before this one has this name already. Call this one something else.'>
  : unknown

/** The pattern as the operator reads it. */
export interface CompiledPattern<T> {
  readonly steps: readonly PatternStep<T>[]
  /** Behind the last step. None: the last step completes a match. */
  readonly lastWithout: readonly Test<T>[]
}

/** Every call gives a new one. */
class PatternSteps<T> {
  readonly #place: Place
  readonly #steps: readonly PatternStep<T>[]
  readonly #without: readonly Test<T>[]

  constructor(place: Place, steps: readonly PatternStep<T>[], without: readonly Test<T>[] = []) {
    this.#place = place
    this.#steps = steps
    this.#without = without
  }

  begin(name: string, test: Test<T>): PatternSteps<T> {
    return this.#with('begin', name, test)
  }

  followedBy(name: string, test: Test<T>): PatternSteps<T> {
    return this.#with('followedBy', name, test)
  }

  next(name: string, test: Test<T>): PatternSteps<T> {
    if (this.#without.length > 0) {
      throw invalid(this.#place, `next '${name}' follows notFollowedBy: nothing comes between them. Use followedBy`)
    }
    return this.#with('next', name, test)
  }

  notFollowedBy(test: Test<T>): PatternSteps<T> {
    this.#requireBegin('notFollowedBy')
    requireSelector(this.#place, 'the test of notFollowedBy', test)
    return new PatternSteps(this.#place, this.#steps, [...this.#without, answered(this.#place, 'notFollowedBy', test)])
  }

  compiled(): CompiledPattern<T> {
    if (this.#steps.length > 1 || this.#without.length > 0) return { steps: this.#steps, lastWithout: this.#without }
    throw invalid(this.#place, 'expected a pattern of two steps or more; for records alone use filter')
  }

  #with(call: 'begin' | 'followedBy' | 'next', name: string, test: Test<T>): PatternSteps<T> {
    if (call === 'begin' ? this.#steps.length > 0 : this.#steps.length === 0) this.#requireBegin(call)
    if (typeof name !== 'string' || name === '' || name === '__proto__') {
      throw invalid(this.#place, `expected the name of a step, such as ${call}('order', ...)`)
    }
    if (this.#steps.some((step) => step.name === name)) throw invalid(this.#place, `there are two steps '${name}'`)
    requireSelector(this.#place, `the test of '${name}'`, test)
    const answering = answered(this.#place, `'${name}'`, test)
    const step = { name, test: answering, without: this.#without, isNext: call === 'next' }
    return new PatternSteps(this.#place, [...this.#steps, step])
  }

  #requireBegin(call: string): void {
    if (call !== 'begin' && this.#steps.length > 0) return
    throw invalid(this.#place, `expected a pattern to have one begin, in front of everything else, found ${call}`)
  }
}

/** A truthy result stands for true, as in `filter`; a promise is truthy whatever it comes to. */
function answered<T>(place: Place, name: string, test: Test<T>): Test<T> {
  return (record, captures) => {
    const found: unknown = test(record, captures)
    if (typeof found === 'boolean') return found
    if (isPromise(found)) throw valueInvalid(place, `the test of ${name}`, { expected: 'true or false', found })
    return Boolean(found)
  }
}

/** @throws TidemarkError GRAPH_STEP_INVALID */
export function compilePattern<T, C>(
  place: Place,
  build: (pattern: PatternStart<T>) => Pattern<T, C>,
): CompiledPattern<T> {
  requireSelector(place, 'pattern', build)
  // The types that the steps narrow and capture are the callers' own: here a test is a test.
  const built: unknown = build(new PatternSteps<T>(place, []) as unknown as PatternStart<T>)
  if (built instanceof PatternSteps) return built.compiled()
  throw invalid(place, "expected pattern to return what it has built, such as (p) => p.begin('a', ...).followedBy(...)")
}
