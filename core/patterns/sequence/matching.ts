import type { Captures, CompiledPattern, PatternStep, Test } from './pattern.js'

/** A match that is not complete: the records of its first steps, in order. Plain data: it is state. */
export interface PartialMatch<T> {
  readonly startedAt: number
  readonly records: readonly T[]
  /** Of the last of them. */
  readonly endedAt: number
}

export interface Moment<T> {
  readonly record: T
  readonly at: number
}

/** What a record makes of a partial match: the same one, one with a step more, or undefined, which ends it. */
export function advance<T>(
  pattern: CompiledPattern<T>,
  partial: PartialMatch<T>,
  { record, at }: Moment<T>,
): PartialMatch<T> | undefined {
  const captures = capturesOf(pattern, partial)
  const step: PatternStep<T> | undefined = pattern.steps[partial.records.length]
  // What is ruled out is looked at first: a record that fits both ends the match.
  if (isAny(step === undefined ? pattern.lastWithout : step.without, record, captures)) return undefined
  if (step?.test(record, captures)) return { ...partial, records: [...partial.records, record], endedAt: at }
  return step?.isNext ? undefined : partial
}

/** Undefined when the record is no beginning. */
export function begin<T>({ steps }: CompiledPattern<T>, { record, at }: Moment<T>): PartialMatch<T> | undefined {
  return steps[0]?.test(record, {}) ? { startedAt: at, records: [record], endedAt: at } : undefined
}

/** All its steps are there; with something ruled out behind the last one its time has yet to pass. */
export function hasAllSteps<T>({ steps }: CompiledPattern<T>, { records }: PartialMatch<T>): boolean {
  return records.length === steps.length
}

export function capturesOf<T>({ steps }: CompiledPattern<T>, { records }: PartialMatch<T>): Captures<T> {
  const captures: Record<string, T> = {}
  // No more records than steps.
  records.forEach((record, index) => {
    captures[(steps[index] as PatternStep<T>).name] = record
  })
  return captures
}

function isAny<T>(tests: readonly Test<T>[], record: T, captures: Captures<T>): boolean {
  for (const test of tests) if (test(record, captures)) return true
  return false
}
