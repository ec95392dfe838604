import { defineJob, type Job, type JobBuilder, type Sink, type Source, TidemarkError } from '../../../core/index.js'

export interface Reading {
  readonly sensor: string
  readonly value: number
}

/** Connectors that are described, never run. */
export function sourceOf<T = Reading>(kind = 'test'): Source<T> {
  const never = () => {
    throw new Error('this source is only described')
  }
  return { kind, bounded: true, enumerate: never, read: never }
}

export function sink(kind = 'test'): Sink<unknown> {
  return {
    kind,
    guarantee: 'exactly-once',
    write() {
      throw new Error('this sink is only described')
    },
  }
}

export function job(build: (job: JobBuilder<object>) => void): Job<object> {
  return defineJob<object>('test-job', {}, build)
}

export function graphOf(build: (job: JobBuilder<object>) => void) {
  return job(build).build({})
}

export function errorOf(action: () => unknown): TidemarkError {
  try {
    action()
  } catch (thrown) {
    if (thrown instanceof TidemarkError) return thrown
    throw thrown
  }
  throw new Error('expected a TidemarkError, nothing was thrown')
}
