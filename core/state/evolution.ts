import { optionInvalid } from '../options.js'
import { isPromise } from '../promises.js'
import { migrationFailed } from './evolution-error.js'

/**
 * Makes what was stored what the next version keeps. Annotate the parameter with the type that the old version had; an
 * old object may be changed in place.
 */
export type MigrationStep<R> = (old: never) => R

/** Versions beyond the first. A job that is at the last one begins again under another name. */
type LaterVersion = 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14 | 15 | 16 | 17 | 18 | 19 | 20

type Below<N extends number, Counted extends readonly unknown[] = [unknown]> = Counted['length'] extends N
  ? never
  : Counted['length'] | Below<N, readonly [...Counted, unknown]>

type Before<N extends number, Counted extends readonly unknown[] = []> = [...Counted, unknown]['length'] extends N
  ? Counted['length']
  : Before<N, readonly [...Counted, unknown]>

/** By the version that a step starts from: the last one gives what the state keeps now. */
type StepsTo<N extends number, V> = {
  readonly [From in Below<N>]?: From extends Before<N> ? MigrationStep<V> : MigrationStep<unknown>
}

/**
 * Which version of its values a state keeps, and how older ones become it. Raise `version` when values of the old form
 * cannot be taken for new ones; a restore then applies the steps that lead there, one after the other.
 *
 * @example
 * valueState<Trip>({ version: 2, migrate: { 1: (old: TripV1) => ({ ...old, tip: 0 }) } })
 */
export type Evolution<V> =
  | { readonly version?: 1 }
  | { [N in LaterVersion]: { readonly version: N; readonly migrate?: StepsTo<N, V> } }[LaterVersion]

/** Of a map: its values and its keys change by steps of their own. */
export type MapEvolution<K, V> =
  | { readonly version?: 1 }
  | {
      [N in LaterVersion]: {
        readonly version: N
        readonly migrate?: StepsTo<N, V>
        readonly migrateKeys?: StepsTo<N, K>
      }
    }[LaterVersion]

export type Steps = Readonly<Record<number, MigrationStep<unknown> | undefined>>

/** As a state's spec has it, whatever the state holds. */
export interface Evolving {
  /** Counts from 1, the default. */
  readonly version?: number
  readonly migrate?: Steps
}

/** The compiler sees all of this; JavaScript does not. */
export function requireEvolution(where: string, { version = 1, migrate, migrateKeys }: EvolutionOptions): void {
  if (!Number.isSafeInteger(version) || version < 1) {
    throw optionInvalid(where, `version is a whole number from 1 on, found ${String(version)}`)
  }
  for (const [option, steps] of Object.entries({ migrate, migrateKeys })) {
    if (steps === undefined) continue
    for (const [from, step] of Object.entries(steps as object)) {
      const isVersion = /^[1-9]\d*$/.test(from) && Number(from) < version
      if (isVersion && typeof step === 'function') continue
      throw optionInvalid(
        where,
        isVersion
          ? `${option}[${from}] is a function from version ${from} to ${Number(from) + 1}, found ${typeof step}`
          : `${option} is by the version that a step starts from, below ${version}; found '${from}'`,
      )
    }
  }
}

export interface EvolutionOptions extends Evolving {
  readonly migrateKeys?: Steps
}

/** The first version from `from` on that no step leads from; undefined: all are there. */
export function missingStep({ version = 1, migrate, migrateKeys }: EvolutionOptions, from: number): number | undefined {
  for (let at = from; at < version; at++) {
    if (migrate?.[at] === undefined && migrateKeys?.[at] === undefined) return at
  }
  return undefined
}

/** Applies the steps from a version on, where there is one. */
export function migrated(
  stored: unknown,
  steps: Steps | undefined,
  of: { readonly state: string; readonly from: number; readonly to: number },
): unknown {
  let value = stored
  for (let at = of.from; at < of.to; at++) {
    const step = steps?.[at]
    if (step !== undefined) value = apply(step, value, of.state, at)
  }
  return value
}

function apply(step: MigrationStep<unknown>, old: unknown, state: string, from: number): unknown {
  let value: unknown
  try {
    // What the version before kept: its type is the user's to know.
    value = step(old as never)
  } catch (thrown) {
    throw migrationFailed(state, from, thrown)
  }
  if (value === undefined) throw migrationFailed(state, from, 'it returned undefined')
  if (isPromise(value)) throw migrationFailed(state, from, 'it returned a promise; a migration cannot wait')
  return value
}
