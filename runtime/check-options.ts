import type { Duration } from '../core/duration.js'
import { TidemarkError } from '../core/errors.js'
import { isJob } from '../core/job/job.js'
import { optionInvalid, requireKnownOptions } from '../core/options.js'
import { resolveOperations } from './operations/options.js'
import type { RunOptions } from './run.js'
import { requireStateOptions } from './state/options.js'
import type { ObjectStore } from './storage/object-store.js'
import { parseLocation } from './storage/open-store.js'
import { requireS3Options } from './storage/s3/options.js'

/** @throws TidemarkError JOB_INVALID, OPTION_INVALID */
export function requireRunnable(job: unknown, options: RunOptions): void {
  if (!isJob(job)) {
    throw new TidemarkError({
      code: 'JOB_INVALID',
      domain: 'user',
      message: `run: expected what defineJob returns as the first argument, found ${describe(job)}`,
    })
  }
  requireKnownOptions('run', options, {
    params: true,
    paramLayers: true,
    parallelism: true,
    maxParallelism: true,
    checkpoints: true,
    restart: true,
    state: true,
    from: true,
    sources: true,
    sinks: true,
    logger: true,
    operations: true,
    environment: true,
    limits: true,
  })
  const savepoint = requireFrom(options.from)
  if (options.checkpoints) requireCheckpoints(options.checkpoints, savepoint)
  if (options.state !== undefined) requireStateOptions(options.state)
  if (options.limits) requireLimits(options.limits)
  if (options.operations) resolveOperations(options.operations)
  if (options.restart !== undefined && typeof options.restart?.decide !== 'function') {
    throw optionInvalid('run', 'restart is a restart strategy, such as fixedDelay({ ... })')
  }
}

/** Where the savepoint is. */
function requireFrom(from: RunOptions['from']): string | undefined {
  if (from === undefined) return undefined
  const savepoint = typeof from === 'string' ? from : from?.savepoint
  if (typeof savepoint !== 'string' || savepoint === '') {
    throw optionInvalid(
      'run: from',
      `the place of a savepoint is a folder or s3://bucket/prefix, found ${describe(from)}`,
    )
  }
  if (typeof from !== 'string')
    requireKnownOptions('run: from', from, { savepoint: true, claim: true, allowRewind: true })
  parseLocation(savepoint)
  return savepoint
}

function isOnS3(location: unknown): boolean {
  return typeof location === 'string' && parseLocation(location).kind === 's3'
}

function requireCheckpoints(checkpoints: NonNullable<RunOptions['checkpoints']>, from: string | undefined): void {
  const where = 'run: checkpoints'
  requireKnownOptions(where, checkpoints, {
    to: true,
    s3: true,
    interval: true,
    minPause: true,
    timeout: true,
    tolerableFailures: true,
    retain: true,
    resume: true,
    resumeDrained: true,
    allowDroppedState: true,
    grace: true,
  })
  const { to, s3, interval, minPause, timeout, tolerableFailures, retain, grace } = checkpoints
  if (to === '' || (to !== undefined && typeof to !== 'string' && !isStore(to))) {
    throw optionInvalid(
      where,
      `to is a folder's path, s3://bucket/prefix or a store, found ${to === '' ? 'an empty path' : describe(to)}`,
    )
  }
  if (typeof to === 'string') parseLocation(to)
  if (s3 !== undefined) {
    if (!isOnS3(to) && !isOnS3(from)) {
      throw optionInvalid(where, 's3 goes with a `to`, or a savepoint to start from, that begins with s3://')
    }
    requireS3Options(`${where}.s3`, s3)
  }
  requireDuration(where, { name: 'interval', value: interval, above: 0 })
  requireDuration(where, { name: 'timeout', value: timeout, above: 0 })
  requireDuration(where, { name: 'minPause', value: minPause, above: -1 })
  requireDuration(where, { name: 'grace', value: grace, above: -1 })
  requireCount(where, { name: 'tolerableFailures', value: tolerableFailures, least: 0 })
  requireCount(where, { name: 'retain', value: retain, least: 1 })
}

/** Whoever wrote a store of their own may have written it for an older contract. */
function isStore(found: ObjectStore | null): boolean {
  const calls = ['create', 'read', 'readRange', 'list', 'listObjects', 'delete', 'deleteMany', 'close'] as const
  return found !== null && calls.every((call) => typeof found[call] === 'function')
}

function requireLimits(limits: NonNullable<RunOptions['limits']>): void {
  requireKnownOptions('run: limits', limits, { channelRows: true, outputRows: true, outputOverflow: true })
  for (const [name, value] of Object.entries(limits)) requireCount('run: limits', { name, value, least: 1 })
}

function requireDuration(
  where: string,
  option: { readonly name: string; readonly value: Duration | undefined; readonly above: number },
): void {
  const { name, value, above } = option
  if (value === undefined || (typeof value?.ms === 'number' && value.ms > above)) return
  const found = typeof value?.ms === 'number' ? `${value.ms} ms` : describe(value)
  throw optionInvalid(
    where,
    `${name} is a duration ${above < 0 ? '' : 'longer than 0 '}such as seconds(10), found ${found}`,
  )
}

function requireCount(
  where: string,
  option: { readonly name: string; readonly value: number | undefined; readonly least: number },
): void {
  const { name, value, least } = option
  if (value === undefined || (Number.isSafeInteger(value) && value >= least)) return
  throw optionInvalid(where, `${name} is a whole number from ${least} on, found ${String(value)}`)
}

function describe(found: unknown): string {
  return found === null ? 'null' : `a value of type ${typeof found}`
}
