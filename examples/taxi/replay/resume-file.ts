import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { TidemarkError } from 'tidemark'
import { z } from 'zod'
import { messageOf } from '../trips/index.js'
import type { ReplayPosition } from './position.js'

/** What a replay is of, and where to. A replay goes on only from a position of the same. */
export interface ReplayIdentity {
  readonly stream: string
  /** Epoch milliseconds: tells the stream from a later one with its name. */
  readonly streamCreatedAt: number
  readonly trips: readonly string[]
  /** The ISO instant that was asked for. */
  readonly seek: string | undefined
  /** Trips in the ordering buffer, which has a say in their order. */
  readonly orderingBuffer: number
}

const FORMAT = 1

const schema = z.strictObject({
  format: z.literal(FORMAT),
  stream: z.string(),
  streamCreatedAt: z.number(),
  trips: z.array(z.string()),
  seek: z.string().optional(),
  orderingBuffer: z.number(),
  position: z.strictObject({
    trips: z.int().nonnegative(),
    latest: z.number().optional(),
    watermark: z.number().optional(),
    isComplete: z.boolean(),
  }),
})

/**
 * The position in a file, undefined where there is none yet.
 * @throws TidemarkError REPLAY_RESUME_FILE_INVALID for a file that is none, REPLAY_RESUME_MISMATCH for one of another replay
 */
export function readResumeFile(path: string, identity: ReplayIdentity): ReplayPosition | undefined {
  const text = readIfThere(path)
  if (text === undefined) return undefined
  const parsed = schema.safeParse(jsonOf(text))
  if (!parsed.success) throw invalid(path, 'it is not what a replay writes there: give another --resume-file')
  const { position, ...stored } = parsed.data
  const [mismatch] = differences({ ...stored, seek: stored.seek }, identity)
  if (mismatch !== undefined) {
    throw new TidemarkError({
      code: 'REPLAY_RESUME_MISMATCH',
      domain: 'user',
      message: `${path} is of another replay: ${mismatch}. Give the same as then, or another --resume-file`,
    })
  }
  const { trips, isComplete, latest, watermark } = position
  return { trips, isComplete, latest, watermark }
}

/** Replaces the file as a whole, so that a kill leaves the old one or the new one. */
export function writeResumeFile(path: string, identity: ReplayIdentity, position: ReplayPosition): void {
  const unfinished = `${path}.${process.pid}.tmp`
  try {
    writeFileSync(unfinished, `${JSON.stringify({ format: FORMAT, ...identity, position })}\n`, { flush: true })
    renameSync(unfinished, path)
  } catch (thrown) {
    throw invalid(path, messageOf(thrown), thrown)
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined
    throw invalid(path, messageOf(thrown), thrown)
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function differences(stored: ReplayIdentity, given: ReplayIdentity): readonly string[] {
  const shown = (value: unknown): string =>
    value === undefined ? 'none' : Array.isArray(value) ? value.join(' ') : `${value}`
  const found: string[] = []
  const compare = (what: string, then: unknown, now: unknown): void => {
    if (shown(then) !== shown(now)) found.push(`${what} was ${shown(then)}, and is ${shown(now)}`)
  }
  compare('--stream', stored.stream, given.stream)
  compare('--trips', stored.trips, given.trips)
  compare('--seek', stored.seek, given.seek)
  compare('--ordering-buffer', stored.orderingBuffer, given.orderingBuffer)
  const then = new Date(stored.streamCreatedAt).toISOString()
  compare("the stream's creation", then, new Date(given.streamCreatedAt).toISOString())
  return found
}

function invalid(path: string, what: string, cause?: unknown): TidemarkError {
  return new TidemarkError({
    code: 'REPLAY_RESUME_FILE_INVALID',
    domain: 'user',
    message: `resume file ${path}: ${what}`,
    ...(cause === undefined ? {} : { cause }),
  })
}
