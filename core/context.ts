import type { Environment } from './environment.js'

export interface Logger {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void
  info(message: string, fields?: Readonly<Record<string, unknown>>): void
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
  error(message: string, fields?: Readonly<Record<string, unknown>>): void
}

export interface Counter {
  add(amount?: number): void
  readonly value: number
}

export interface Histogram {
  record(value: number): void
}

/** Tells instruments of one name apart: the shard, the file. Names are letters, digits and `_`. */
export type MetricLabels = Readonly<Record<string, string>>

/** Metrics of one operator on one subtask. Asking twice for a name and labels gives the same instrument. */
export interface Metrics {
  counter(name: string, labels?: MetricLabels): Counter
  /** `read` is called whenever somebody looks; undefined: nothing to show (any more). */
  gauge(name: string, read: () => number | undefined, labels?: MetricLabels): void
  histogram(name: string): Histogram
}

export interface Subtask {
  /** 0 .. parallelism - 1 */
  readonly index: number
  readonly parallelism: number
}

/** What a user function gets in `open`. */
export interface FunctionContext {
  readonly operatorId: string
  readonly subtask: Subtask
  readonly logger: Logger
  readonly metrics: Metrics
  /** The job's parameters, validated. */
  readonly parameters: Readonly<Record<string, unknown>>
  /** Aborts when the task fails, stops or is cancelled. */
  readonly signal: AbortSignal
}

/** What an operator or connector of the engine gets besides. */
export interface EngineContext extends FunctionContext {
  readonly environment: Environment
}
