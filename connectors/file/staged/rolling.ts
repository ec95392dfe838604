import type { Duration } from '../../../core/duration.js'
import { optionInvalid } from '../../../core/options.js'

/** When a file ends and the next one of its folder begins. */
export interface RollingOptions {
  /** A file ends after this many rows. Default: no limit. */
  readonly maxRows?: number
  /** A file ends after about this many bytes, before compression. */
  readonly maxBytes?: number
  /** A file ends so long after its first row. Default: no limit. */
  readonly maxAge?: Duration
  /** A file ends when it got no row for so long. Default: no limit. */
  readonly maxInactivity?: Duration
  /**
   * Whether every checkpoint ends all files. Default true. False: a file goes on over checkpoints until one of the limits
   * above ends it, so that checkpoints may be frequent and files large; formats with a footer (Parquet) cannot do that.
   */
  readonly rollOnCheckpoint?: boolean
  /** Files that a subtask has open at once; then the one that was written least recently ends. Default 100. */
  readonly maxOpenFiles?: number
}

export const ROLLING_OPTIONS = {
  maxRows: true,
  maxBytes: true,
  maxAge: true,
  maxInactivity: true,
  rollOnCheckpoint: true,
  maxOpenFiles: true,
} as const

export interface Rolling {
  readonly maxRows: number
  readonly maxBytes: number
  readonly maxAgeMs: number
  readonly maxInactivityMs: number
  readonly rollOnCheckpoint: boolean
  readonly maxOpenFiles: number
}

/** @throws TidemarkError OPTION_INVALID */
export function rollingOf(
  where: string,
  options: RollingOptions,
  format: { readonly name: string; readonly hasFooter?: boolean },
): Rolling {
  const { rollOnCheckpoint = true, maxOpenFiles = 100 } = options
  const { maxRows = Number.POSITIVE_INFINITY, maxBytes = Number.POSITIVE_INFINITY, maxAge, maxInactivity } = options
  for (const [name, value] of Object.entries({ maxRows, maxBytes, maxOpenFiles })) {
    if (!(typeof value === 'number' && value > 0))
      throw optionInvalid(where, `${name} is a number above 0, found ${value}`)
  }
  for (const [name, value] of Object.entries({ maxAge, maxInactivity })) {
    if (value === undefined || (typeof value?.ms === 'number' && value.ms > 0)) continue
    throw optionInvalid(where, `${name} is a duration longer than 0 such as minutes(5)`)
  }
  if (typeof rollOnCheckpoint !== 'boolean') throw optionInvalid(where, 'rollOnCheckpoint is true or false')
  if (!rollOnCheckpoint) {
    if (format.hasFooter) {
      throw optionInvalid(
        where,
        `rollOnCheckpoint: a file of ${format.name} is whole only at its end, so it ends at every checkpoint`,
      )
    }
    const limits = [options.maxRows, options.maxBytes, maxAge, maxInactivity]
    if (limits.every((limit) => limit === undefined)) {
      throw optionInvalid(
        where,
        'without rollOnCheckpoint something else has to end files: maxBytes, maxAge, maxInactivity, maxRows',
      )
    }
  }
  return {
    maxRows,
    maxBytes,
    maxAgeMs: maxAge?.ms ?? Number.POSITIVE_INFINITY,
    maxInactivityMs: maxInactivity?.ms ?? Number.POSITIVE_INFINITY,
    rollOnCheckpoint,
    maxOpenFiles,
  }
}
