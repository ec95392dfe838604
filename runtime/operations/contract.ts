import { z } from 'zod'

/**
 * What the operations server takes and answers. Server and command line both read it; answers may gain fields, which an
 * older command line ignores.
 */

const location = z.string().min(1).max(1024)

export const savepointBody = z.strictObject({ to: location.optional() })

export const stopBody = z.strictObject({
  drain: z.union([z.literal(false), z.literal('now'), z.literal('atTip')]).optional(),
  /** True: to the default place. */
  savepoint: z.union([z.boolean(), location]).optional(),
  /** False: the answer comes when the job has been told, not when it has ended. */
  wait: z.boolean().default(true),
})

export const savepointView = z.object({
  location: z.string(),
  id: z.number(),
  bytes: z.number(),
  durationMs: z.number(),
})

export const stopView = z.object({ status: z.string(), savepoint: savepointView.optional() })

const operatorView = z.object({
  id: z.string(),
  label: z.string(),
  details: z.string().nullable(),
  parallelism: z.number(),
  recordsIn: z.number(),
  recordsOut: z.number(),
  watermark: z.number().nullable(),
  counters: z.record(z.string(), z.number()),
})

export const jobView = z.object({
  job: z.string(),
  status: z.string(),
  generation: z.number(),
  restarts: z.number(),
  /** What broke the last generation that failed. */
  failure: z.object({ code: z.string(), message: z.string() }).nullable(),
  fingerprint: z.string(),
  /** Where the checkpoints are. */
  location: z.string(),
  parallelism: z.number(),
  maxParallelism: z.number(),
  recordsRead: z.number(),
  /** Epoch milliseconds. */
  watermark: z.number().nullable(),
  watermarkLagMs: z.number().nullable(),
  checkpoints: z.object({
    completed: z.number(),
    failed: z.number(),
    last: z.object({ id: z.number(), bytes: z.number(), durationMs: z.number() }).nullable(),
  }),
  operators: z.array(operatorView),
  longestTurnMs: z.number(),
})

export const errorView = z.object({ error: z.object({ code: z.string(), message: z.string() }) })

export type JobView = z.infer<typeof jobView>
export type SavepointView = z.infer<typeof savepointView>
export type StopView = z.infer<typeof stopView>
