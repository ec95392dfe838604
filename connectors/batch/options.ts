import type { FunctionContext } from '../../core/context.js'
import { type Duration, millis, minutes, seconds } from '../../core/duration.js'
import { optionInvalid, requireKnownOptions } from '../../core/options.js'
import type { BatchNumbers } from '../batching/writer.js'
import { type OnRejected, requireOnRejected } from '../dead-letters/options.js'
import type { BatchAnswer, BatchContext } from './answer.js'

interface BatchSinkCommonOptions<T, O> {
  /** Called once a subtask, before its first row: makes a client, a connection, a pool. It may take as long as a call. */
  readonly open?: (context: FunctionContext) => O | Promise<O>
  /**
   * Sends rows. Giving nothing says that all were taken. What it throws is tried again, unless the error says
   * `retryable: false`.
   */
  readonly write: (rows: readonly T[], context: BatchContext<O>) => Promise<BatchAnswer | undefined> | Promise<void>
  /** Called once a subtask at its end, whether it is a good one or not, with what `open` gave. */
  readonly close?: (opened: O) => void | Promise<void>
  /** Rows of one call. Default 500. */
  readonly maxBatch?: number
  /** How long a row waits for others that fill its call. Default 100 ms. */
  readonly maxAge?: Duration
  /** Calls under way at once, a subtask: fewer while the service has too much to do. Default 4. */
  readonly maxInFlight?: number
  /** Of two rows with one key the second is not sent before the first was taken. Default: no order is kept. */
  readonly orderBy?: (row: T) => string | number | bigint
  /** How long one row is tried again. Default 5 minutes. */
  readonly retryFor?: Duration
  /** How long a call may take. Default 30 s. */
  readonly callTimeout?: Duration
  /** A row that can never be taken. Default `fail`. */
  readonly onRejected?: OnRejected
}

interface BytesOptions<T> {
  /** How much of `maxBytes` a row takes. */
  readonly bytesOf: (row: T) => number
  /** Of one call; a row that is larger is sent alone. Default 5 MiB. */
  readonly maxBytes?: number
}

interface NoBytesOptions {
  readonly bytesOf?: never
  readonly maxBytes?: never
}

export type BatchSinkOptions<T, O = undefined> = BatchSinkCommonOptions<T, O> & (BytesOptions<T> | NoBytesOptions)

/** Options with their defaults, checked. */
export interface BatchSinkSettings<T, O>
  extends Pick<BatchSinkCommonOptions<T, O>, 'open' | 'write' | 'close' | 'orderBy'> {
  readonly kind: string
  readonly bytesOf: ((row: T) => number) | undefined
  readonly onRejected: OnRejected
  readonly numbers: BatchNumbers
}

const OPTIONS = {
  open: true,
  write: true,
  close: true,
  maxBatch: true,
  maxBytes: true,
  bytesOf: true,
  maxAge: true,
  maxInFlight: true,
  orderBy: true,
  retryFor: true,
  callTimeout: true,
  onRejected: true,
} as const

const MIB = 1024 * 1024
const KIND = /^[A-Za-z0-9_-]{1,64}$/

/** @throws TidemarkError OPTION_INVALID */
export function settingsOf<T, O>(
  where: string,
  kind: string,
  options: BatchSinkOptions<T, O>,
): BatchSinkSettings<T, O> {
  if (typeof kind !== 'string' || !KIND.test(kind)) {
    throw optionInvalid(where, 'the first argument says what is written to: 1 to 64 letters, digits, _ and -')
  }
  requireKnownOptions(where, options, OPTIONS)
  const { open, write, close, orderBy, bytesOf, maxBytes, onRejected = 'fail' } = options
  if (typeof write !== 'function') throw optionInvalid(where, 'write is an async function of rows')
  for (const [name, value] of Object.entries({ open, close, orderBy, bytesOf })) {
    if (value !== undefined && typeof value !== 'function') throw optionInvalid(where, `${name} is a function`)
  }
  if (maxBytes !== undefined && bytesOf === undefined) {
    throw optionInvalid(where, 'maxBytes needs bytesOf, which says how many a row takes')
  }
  requireOnRejected(where, onRejected)
  return {
    ...{ kind, write, bytesOf, onRejected },
    ...(open && { open }),
    ...(close && { close }),
    ...(orderBy && { orderBy }),
    numbers: numbersOf(where, options),
  }
}

function numbersOf<T, O>(where: string, options: BatchSinkOptions<T, O>): BatchNumbers {
  const { maxBatch = 500, maxInFlight = 4, maxBytes = 5 * MIB } = options
  const { maxAge = millis(100), retryFor = minutes(5), callTimeout = seconds(30) } = options
  for (const [name, value] of Object.entries({ maxBatch, maxInFlight, maxBytes })) {
    if (Number.isSafeInteger(value) && value >= 1) continue
    throw optionInvalid(where, `${name} is a whole number from 1 on, found ${String(value)}`)
  }
  for (const [name, value] of Object.entries({ maxAge, retryFor, callTimeout })) {
    const ms: unknown = value?.ms
    if (typeof ms === 'number' && ms >= 0) continue
    throw optionInvalid(where, `${name} is a duration, such as seconds(10)`)
  }
  if (callTimeout.ms === 0) throw optionInvalid(where, 'callTimeout is a duration longer than 0')
  const isSized = options.bytesOf !== undefined
  return {
    maxRecordsPerCall: maxBatch,
    maxBytesPerCall: isSized ? maxBytes : Number.MAX_SAFE_INTEGER,
    maxDelayMs: maxAge.ms,
    parallelCalls: maxInFlight,
    retryForMs: retryFor.ms,
    callTimeoutMs: callTimeout.ms,
    // What is under way, and as much again that fills the next calls meanwhile.
    bufferRecords: Math.min(2 * maxBatch * maxInFlight, Number.MAX_SAFE_INTEGER),
    bufferBytes: isSized ? Math.min(2 * maxBytes * maxInFlight, Number.MAX_SAFE_INTEGER) : Number.MAX_SAFE_INTEGER,
  }
}
