import { inspect } from 'node:util'
import type { Sink, SinkWriter, WriterContext } from '../../core/connector.js'
import { requireKnownOptions } from '../../core/options.js'

/** Where lines go: `process.stdout` and every Node stream fit. */
export interface PrintTarget {
  /** False asks to wait for `drain`. */
  write(text: string): boolean
  once(event: 'drain', listener: () => void): unknown
}

export interface PrintOptions {
  /** Stands before each line as `prefix> `, with the subtask's number at a parallelism above 1. Default: nothing. */
  readonly prefix?: string
  /** Default: standard output. */
  readonly to?: PrintTarget
}

const ROWS_A_WRITE = 256

/**
 * Prints each row as one line: a string as it is, anything else as JSON. At-least-once: lines are printed as they
 * come, so a restart prints those since the last checkpoint again.
 */
export function print(options: PrintOptions = {}): Sink<unknown> {
  requireKnownOptions('print', options, { prefix: true, to: true })
  return {
    kind: 'print',
    guarantee: 'at-least-once',
    write: (context) => new PrintWriter(options, context),
  }
}

class PrintWriter implements SinkWriter<unknown> {
  readonly #target: PrintTarget
  readonly #start: string
  readonly #context: WriterContext
  #blocked: Promise<void> | undefined

  constructor(options: PrintOptions, context: WriterContext) {
    const { index, parallelism } = context.subtask
    const label = [options.prefix, parallelism > 1 ? String(index) : undefined].filter((part) => part !== undefined)
    this.#target = options.to ?? process.stdout
    this.#start = options.prefix === undefined ? '' : `${label.join(':')}> `
    this.#context = context
  }

  write(batch: { readonly values: readonly unknown[] }, from: number): number {
    let next = from
    while (next < batch.values.length && !this.#blocked) {
      const rows = batch.values.slice(next, next + ROWS_A_WRITE)
      next += rows.length
      if (!this.#target.write(rows.map((row) => `${this.#start}${lineOf(row)}\n`).join(''))) this.#waitForDrain()
    }
    return next
  }

  prepareCommit(): readonly unknown[] | Promise<readonly unknown[]> {
    return this.#blocked ? this.#blocked.then(() => []) : []
  }

  close(): void {}

  #waitForDrain(): void {
    this.#blocked = new Promise((resolve) => {
      this.#target.once('drain', () => {
        this.#blocked = undefined
        resolve()
        this.#context.wake()
      })
    })
  }
}

function lineOf(row: unknown): string {
  if (typeof row === 'string') return row
  try {
    // JSON has no text for some values (undefined, functions) and throws for others (bigint, cycles).
    return JSON.stringify(row) ?? inspect(row)
  } catch {
    return inspect(row, { breakLength: Number.POSITIVE_INFINITY, compact: true })
  }
}
