import { Counter, collectDefaultMetrics, Gauge, type Metric, Registry } from 'prom-client'
import type { Environment } from '../../core/environment.js'
import { JOB_TRANSITIONS, type JobStatus } from '../coordinator/job-status.js'
import { finite } from '../local/progress.js'
import type { HistogramReading, InstrumentReading, Instruments } from './metrics.js'
import type { ObservedJob } from './observed-job.js'

export interface MetricsText {
  readonly contentType: string
  readonly text: string
}

interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

interface Description {
  readonly name: string
  readonly help: string
  readonly labels?: readonly string[]
}

const SUBTASK = ['operator', 'subtask'] as const

/** Reads the process; made once, since a process can run several jobs and its collectors watch it until it ends. */
let ofProcess: Registry | undefined

/**
 * A job's counters for Prometheus, read when it asks. Counters of operators begin anew with each generation of the job,
 * which Prometheus takes for what it is, a reset.
 */
export function prometheusMetrics(job: ObservedJob, environment: Environment): () => Promise<MetricsText> {
  const registry = new Registry()
  registry.setDefaultLabels({ job: job.name })
  describeJob(registry, job, environment)
  describeOperators(registry, job, environment)
  describeInstruments(registry, job)
  return async () => {
    if (!ofProcess) {
      ofProcess = new Registry()
      collectDefaultMetrics({ register: ofProcess })
    }
    return { contentType: registry.contentType, text: `${await registry.metrics()}\n${await ofProcess.metrics()}` }
  }
}

function describeJob(registry: Registry, job: ObservedJob, environment: Environment): void {
  const one = (value: number | undefined): Sample[] => (value === undefined ? [] : [{ labels: {}, value }])
  const total = (name: string, help: string, read: () => number): void =>
    counter(registry, { name, help }, () => one(read()))
  const level = (name: string, help: string, read: () => number | undefined): void =>
    gauge(registry, { name, help }, () => one(read()))
  const last = () => job.checkpoints.last
  gauge(registry, { name: 'tidemark_job_info', help: 'Always 1.', labels: ['fingerprint'] }, () => [
    { labels: { fingerprint: job.fingerprint }, value: 1 },
  ])
  gauge(registry, { name: 'tidemark_job_status', help: '1 for the current status.', labels: ['status'] }, () =>
    (Object.keys(JOB_TRANSITIONS) as JobStatus[]).map((status) => ({
      labels: { status },
      value: status === job.status ? 1 : 0,
    })),
  )
  level('tidemark_job_generation', 'Deployments of the job, the current one included.', () => job.generation)
  total('tidemark_job_restarts_total', 'Restarts after a failure, since the process started.', () => job.restarts)
  total('tidemark_checkpoints_completed_total', 'Checkpoints completed.', () => job.checkpoints.completed)
  total('tidemark_checkpoints_failed_total', 'Checkpoints aborted.', () => job.checkpoints.failed)
  level('tidemark_checkpoint_last_id', 'Id of the last completed checkpoint.', () => last()?.id)
  level('tidemark_checkpoint_last_bytes', 'Bytes that the last completed checkpoint wrote.', () => last()?.bytes)
  level('tidemark_checkpoint_last_duration_seconds', 'From its trigger to its completion.', () =>
    inSeconds(last()?.durationMs),
  )
  level('tidemark_checkpoint_last_age_seconds', 'Since the last completed checkpoint.', () => {
    const completed = last()
    return completed && inSeconds(environment.clock.now() - completed.completedAt)
  })
  total('tidemark_event_loop_turns_total', 'Turns of tasks on the event loop.', () => job.turns.count)
  total('tidemark_event_loop_turn_seconds_total', 'How long tasks held the event loop.', () => job.turns.totalMs / 1000)
  level('tidemark_event_loop_longest_turn_seconds', 'The longest turn so far.', () => inSeconds(job.turns.longestMs))
}

function describeOperators(registry: Registry, job: ObservedJob, environment: Environment): void {
  const labels = SUBTASK
  const perSubtask = (read: (reading: ReturnType<ObservedJob['operators']>[number]) => number | undefined) => () =>
    job.operators().flatMap((reading): Sample[] => {
      const value = read(reading)
      return value === undefined ? [] : [{ labels: labelsOf(reading), value }]
    })
  counter(
    registry,
    { name: 'tidemark_operator_records_in_total', help: 'Records that came in; for a source: read.', labels },
    perSubtask(({ recordsIn }) => recordsIn),
  )
  counter(
    registry,
    { name: 'tidemark_operator_records_out_total', help: 'Records that went out.', labels },
    perSubtask(({ recordsOut }) => recordsOut),
  )
  gauge(
    registry,
    { name: 'tidemark_operator_watermark_timestamp_seconds', help: 'Event time, as a Unix timestamp.', labels },
    perSubtask(({ watermark }) => inSeconds(finite(watermark))),
  )
  gauge(
    registry,
    { name: 'tidemark_operator_watermark_lag_seconds', help: 'How far event time is behind the clock.', labels },
    perSubtask(({ watermark }) => inSeconds(finite(environment.clock.now() - watermark))),
  )
  counter(
    registry,
    {
      name: 'tidemark_task_activity_seconds_total',
      help: 'Time that a task, a chain of operators, spent in each activity.',
      labels: ['task', 'subtask', 'activity'],
    },
    () =>
      job.tasks().flatMap(({ operators, subtask, spentMs }) =>
        Object.entries(spentMs).map(([activity, ms]) => ({
          labels: { task: operators.join(' > '), subtask: String(subtask), activity },
          value: ms / 1000,
        })),
      ),
  )
}

/** What connectors and user functions count: the names are theirs, so they are a label. */
function describeInstruments(registry: Registry, job: ObservedJob): void {
  const readings = (read: (instruments: Instruments) => readonly InstrumentReading[]) => () =>
    job.operators().flatMap((reading) =>
      read(reading.instruments()).map(({ name, labels, value }) => {
        const whose = { ...labelsOf(reading), name }
        // First in the text, and never hidden by a label of the same name.
        return { labels: { ...whose, ...labels, ...whose }, value }
      }),
    )
  labelled(
    registry,
    { type: 'counter', name: 'tidemark_operator_counter_total', help: 'Counters of connectors and functions.' },
    readings(({ counters }) => counters.filter(({ value }) => value >= 0)),
  )
  labelled(
    registry,
    { type: 'gauge', name: 'tidemark_operator_gauge', help: 'Gauges of connectors and functions.' },
    readings(({ gauges }) => gauges),
  )
  const name = 'tidemark_operator_histogram'
  const help = 'Histograms of connectors and functions; buckets are powers of two.'
  const histograms = {
    name,
    get: async () => ({
      name,
      help,
      type: 'histogram',
      aggregator: 'sum',
      values: job
        .operators()
        .flatMap((reading) =>
          Object.entries(reading.instruments().histograms).flatMap(([label, histogram]) =>
            samplesOf(name, { ...labelsOf(reading), name: label }, histogram),
          ),
        ),
    }),
  }
  // Its own histogram can only be filled by observing each value; a registry asks for a name and `get` alone.
  registry.registerMetric(histograms as unknown as Metric)
}

/** Its own counters want every label's name declared before; which ones instruments have shows while the job runs. */
function labelled(
  registry: Registry,
  { type, name, help }: { readonly type: 'counter' | 'gauge'; readonly name: string; readonly help: string },
  read: () => Sample[],
): void {
  const metric = { name, get: async () => ({ name, help, type, aggregator: 'sum', values: read() }) }
  registry.registerMetric(metric as unknown as Metric)
}

function samplesOf(name: string, labels: Sample['labels'], { buckets, sum, count }: HistogramReading) {
  let below = 0
  const rows = buckets.map((amount, exponent) => {
    below += amount
    return { metricName: `${name}_bucket`, labels: { ...labels, le: String(2 ** exponent) }, value: below }
  })
  return [
    ...rows,
    { metricName: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: count },
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ]
}

function counter(registry: Registry, description: Description, read: () => Iterable<Sample>): void {
  const { name, help, labels = [] } = description
  new Counter({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
    collect() {
      this.reset()
      // A counter that somebody counted down has no rate: better none than a scrape that fails.
      for (const { labels: of, value } of read()) if (value >= 0) this.inc(of, value)
    },
  })
}

function gauge(registry: Registry, description: Description, read: () => Iterable<Sample>): void {
  const { name, help, labels = [] } = description
  new Gauge({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
    collect() {
      this.reset()
      // Without labels a reset leaves a 0, and no checkpoint yet is none of 0 bytes.
      if (labels.length === 0) this.remove()
      for (const { labels: of, value } of read()) this.set(of, value)
    },
  })
}

function labelsOf({ nodeId, subtask }: { readonly nodeId: string; readonly subtask: number }): Sample['labels'] {
  return { operator: nodeId, subtask: String(subtask) }
}

function inSeconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000
}
