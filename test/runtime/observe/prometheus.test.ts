import { describe, expect, it } from 'vitest'
import { TidemarkError } from '../../../core/errors.js'
import { virtualEnvironment } from '../../../runtime/environment/virtual.js'
import type { OperatorReading } from '../../../runtime/local/execution.js'
import { OperatorMetrics } from '../../../runtime/observe/metrics.js'
import type { ObservedJob } from '../../../runtime/observe/observed-job.js'
import { prometheusMetrics } from '../../../runtime/observe/prometheus.js'

const environment = virtualEnvironment()
const now = environment.clock.now()

function reading(more: Partial<OperatorReading> = {}, metrics = new OperatorMetrics()): OperatorReading {
  return {
    nodeId: 'cells',
    label: 'window',
    details: undefined,
    subtask: 1,
    recordsIn: 10,
    recordsOut: 4,
    watermark: now - 2500,
    metrics: metrics.read(),
    instruments: () => metrics.instruments(),
    ...more,
  }
}

function observed(more: Partial<ObservedJob> = {}): ObservedJob {
  return {
    name: 'taxi',
    fingerprint: 'abc',
    location: 'memory',
    status: 'running',
    generation: 3,
    restarts: 2,
    maxParallelism: 128,
    failure: new TidemarkError({ code: 'JOB_FAILED', domain: 'internal', message: 'x' }),
    checkpoints: { completed: 5, failed: 1, last: { id: 5, bytes: 2048, durationMs: 30, completedAt: now - 4000 } },
    turns: { count: 7, totalMs: 70, longestMs: 12 },
    operators: () => [reading()],
    tasks: () => [],
    ...more,
  }
}

/** Samples by their name and labels. */
async function scrape(job: ObservedJob): Promise<Map<string, number>> {
  const { text } = await prometheusMetrics(job, environment)()
  const samples = text.split('\n').filter((line) => line.startsWith('tidemark_'))
  return new Map(
    samples.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  )
}

describe('metrics for Prometheus', () => {
  it('tell of the job and its checkpoints', async () => {
    const found = await scrape(observed())
    const job = (name: string) => found.get(`tidemark_${name}{job="taxi"}`)
    expect(job('job_generation')).toBe(3)
    expect(job('job_restarts_total')).toBe(2)
    expect(job('checkpoints_completed_total')).toBe(5)
    expect(job('checkpoints_failed_total')).toBe(1)
    expect(job('checkpoint_last_bytes')).toBe(2048)
    expect(job('checkpoint_last_duration_seconds')).toBe(0.03)
    expect(job('checkpoint_last_age_seconds')).toBe(4)
    expect(job('event_loop_turn_seconds_total')).toBe(0.07)
    expect(job('event_loop_longest_turn_seconds')).toBe(0.012)
    expect(found.get('tidemark_job_status{status="running",job="taxi"}')).toBe(1)
    expect(found.get('tidemark_job_status{status="failed",job="taxi"}')).toBe(0)
  })

  it('have no sample for a checkpoint that was not, or a watermark that is none', async () => {
    const checkpoints = { completed: 0, failed: 0, last: undefined }
    const operators = () => [reading({ watermark: Number.NEGATIVE_INFINITY })]
    const names = [...(await scrape(observed({ checkpoints, operators }))).keys()]
    expect(names.filter((name) => /checkpoint_last|watermark/.test(name))).toEqual([])
  })

  it('tell of each subtask of an operator, anew at each look', async () => {
    let read = 10
    const metrics = prometheusMetrics(observed({ operators: () => [reading({ recordsIn: read })] }), environment)
    const line = () => `tidemark_operator_records_in_total{operator="cells",subtask="1",job="taxi"} ${read}\n`
    expect((await metrics()).text).toContain(line())
    // A generation begins anew: a counter may also fall.
    read = 3
    expect((await metrics()).text).toContain(line())
    const found = await scrape(observed())
    expect(found.get('tidemark_operator_watermark_lag_seconds{operator="cells",subtask="1",job="taxi"}')).toBe(2.5)
    expect(found.get('tidemark_operator_watermark_timestamp_seconds{operator="cells",subtask="1",job="taxi"}')).toBe(
      (now - 2500) / 1000,
    )
  })

  it('tell what a task spends its time with', async () => {
    const spentMs = { idle: 500, busy: 1500, backpressured: 20, aligning: 30, snapshotting: 40 }
    const found = await scrape(observed({ tasks: () => [{ operators: ['in', 'cells'], subtask: 0, spentMs }] }))
    const spent = (activity: string) =>
      found.get(`tidemark_task_activity_seconds_total{task="in > cells",subtask="0",activity="${activity}",job="taxi"}`)
    expect(Object.keys(spentMs).map(spent)).toEqual([0.5, 1.5, 0.02, 0.03, 0.04])
  })

  it('carry what functions count, under the name that they gave, whatever that is', async () => {
    const metrics = new OperatorMetrics()
    metrics.counter('fares').add(7)
    metrics.counter('odd "name"\n').add(1)
    metrics.gauge('queue', () => 12)
    for (const value of [0.5, 3, 3, 100]) metrics.histogram('delay').record(value)
    const found = await scrape(observed({ operators: () => [reading({}, metrics)] }))
    const labels = 'operator="cells",subtask="1"'
    expect(found.get(`tidemark_operator_counter_total{${labels},name="fares",job="taxi"}`)).toBe(7)
    expect(found.get(`tidemark_operator_counter_total{${labels},name="odd \\"name\\"\\n",job="taxi"}`)).toBe(1)
    expect(found.get(`tidemark_operator_gauge{${labels},name="queue",job="taxi"}`)).toBe(12)
    const bucket = (le: string) =>
      found.get(`tidemark_operator_histogram_bucket{${labels},name="delay",le="${le}",job="taxi"}`)
    expect(['1', '2', '4', '64', '128', '+Inf'].map(bucket)).toEqual([1, 1, 3, 3, 4, 4])
    expect(found.get(`tidemark_operator_histogram_sum{${labels},name="delay",job="taxi"}`)).toBe(106.5)
    expect(found.get(`tidemark_operator_histogram_count{${labels},name="delay",job="taxi"}`)).toBe(4)
  })

  it('carry the labels that tell instruments of one name apart', async () => {
    const metrics = new OperatorMetrics()
    metrics.counter('records', { shard: 'a' }).add(3)
    metrics.counter('records', { shard: 'b' }).add(4)
    metrics.gauge('lagMs', () => 12, { shard: 'a', operator: 'impostor' })
    metrics.gauge('lagMs', () => undefined, { shard: 'ended' })
    const found = await scrape(observed({ operators: () => [reading({}, metrics)] }))
    const labels = 'operator="cells",subtask="1"'
    expect(found.get(`tidemark_operator_counter_total{${labels},name="records",shard="a",job="taxi"}`)).toBe(3)
    expect(found.get(`tidemark_operator_counter_total{${labels},name="records",shard="b",job="taxi"}`)).toBe(4)
    expect(found.get(`tidemark_operator_gauge{${labels},name="lagMs",shard="a",job="taxi"}`)).toBe(12)
    expect([...found.keys()].filter((name) => name.includes('ended'))).toEqual([])
    expect(metrics.read()).toMatchObject({ 'records{shard="a"}': 3 })
  })

  it('leave out a gauge that throws and a counter that was counted down, and keep the others', async () => {
    const metrics = new OperatorMetrics()
    const broken = (): number => {
      throw new RangeError('not now')
    }
    const operators = () => [{ ...reading(), instruments: () => metrics.instruments() }]
    metrics.gauge('broken', broken)
    metrics.gauge('whole', () => 1)
    metrics.counter('down').add(-1)
    const names = [...(await scrape(observed({ operators }))).keys()].join('\n')
    expect(names).toContain('name="whole"')
    expect(names).not.toMatch(/name="(broken|down)"/)
  })
})
