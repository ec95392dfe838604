import type { CompletedCheckpoint } from '../coordinator/checkpoint-coordinator.js'
import type { JobStatus } from '../coordinator/job-status.js'
import type { OperatorReading } from './execution.js'

/** Numbers of one operator, over its subtasks. Counters begin anew with each generation. */
export interface OperatorProgress {
  readonly id: string
  readonly label: string
  /** The name that the step was given, and the like. */
  readonly details: string | undefined
  readonly parallelism: number
  readonly recordsIn: number
  readonly recordsOut: number
  /** The minimum over the subtasks, epoch milliseconds; undefined while none has one. */
  readonly watermark: number | undefined
  /** Counters summed by name: `lateRecords`, `malformedRecords`, and what user functions count. */
  readonly counters: Readonly<Record<string, number>>
}

export interface JobProgress {
  readonly status: JobStatus
  readonly generation: number
  /** Records that sources have read in this generation. */
  readonly recordsRead: number
  /** The slowest source's, epoch milliseconds. */
  readonly watermark: number | undefined
  readonly checkpoints: {
    readonly completed: number
    readonly failed: number
    readonly last: CompletedCheckpoint | undefined
  }
  readonly operators: readonly OperatorProgress[]
  /** The longest that tasks held the event loop in one turn, garbage collection included. */
  readonly longestTurnMs: number
}

export function summarise(readings: readonly OperatorReading[]): OperatorProgress[] {
  const byId = new Map<string, OperatorReading[]>()
  for (const reading of readings) {
    const list = byId.get(reading.nodeId)
    if (list) list.push(reading)
    else byId.set(reading.nodeId, [reading])
  }
  return [...byId].map(([id, subtasks]) => ({
    id,
    label: subtasks[0]?.label ?? id,
    details: subtasks[0]?.details,
    parallelism: subtasks.length,
    recordsIn: sum(subtasks, ({ recordsIn }) => recordsIn),
    recordsOut: sum(subtasks, ({ recordsOut }) => recordsOut),
    watermark: finite(Math.min(...subtasks.map(({ watermark }) => watermark))),
    counters: addUp(subtasks),
  }))
}

function addUp(subtasks: readonly OperatorReading[]): Record<string, number> {
  const total: Record<string, number> = {}
  for (const { metrics } of subtasks) {
    for (const [name, value] of Object.entries(metrics)) {
      // A watermark is no amount: its minimum stands in its own field.
      if (name !== 'watermark') total[name] = (total[name] ?? 0) + value
    }
  }
  return total
}

function sum(subtasks: readonly OperatorReading[], of: (reading: OperatorReading) => number): number {
  return subtasks.reduce((total, reading) => total + of(reading), 0)
}

export function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined
}
