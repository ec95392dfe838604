import type { Job, Source, Stream } from 'tidemark'
import { fileSink, jsonLines } from 'tidemark/file'

/** Lines of each result, sorted. */
export type Results = Readonly<Record<string, readonly string[]>>

/** What a source gives, by split. */
export type Splits<T> = readonly (readonly T[])[]

/** A job that writes lines, each result to a folder of its own, and what has to be in these folders in the end. */
export interface GoldenJob<I> {
  /** Of the job, and of its folder beside this file. */
  readonly name: string
  /** The results' folders. */
  readonly results: readonly string[]
  makeInput(seed: number, count: number): I
  build(given: Given<I>): Job
  /** `found` is for what depends on the order of arrival: other results may follow from it. */
  expectedResults(input: I, found: Results): Results
}

/** What a run gives to the job. */
export interface Given<I> {
  /** Where the results' folders are. */
  readonly out: string
  readonly input: I
  readonly source: <T>(splits: Splits<T>) => Source<T>
  /** Passes values on, and fails once where the run has to. */
  readonly failOnce: <T>(value: T) => T
}

/** Writes rows as lines to the folder of a result. */
export const lineWriter =
  <Name extends string>(out: string) =>
  (name: Name, rows: Stream<object>): void => {
    rows.to(`${name}-lines`, fileSink<object>({ path: `${out}/${name}`, format: jsonLines() }))
  }
