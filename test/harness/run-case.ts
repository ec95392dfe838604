import { Batch, MAX_WATERMARK } from '../../core/element.js'
import type { Operator } from '../../core/operators/operator.js'
import type { InternalKey, Key } from '../../core/state/key.js'
import { toInternalKey } from '../../core/state/key-codec.js'
import { keyGroupOf, subtaskOfGroup } from '../../core/state/key-groups.js'
import { HarnessEnvironment } from './environment.js'
import type { Emitted, HarnessInput } from './input.js'
import { HarnessMetrics } from './metrics.js'
import type { HarnessMode } from './modes.js'
import { OperatorInstance } from './operator-instance.js'
import { type RecoverableRun, sendWithFailures } from './recovery.js'
import { EMPTY_SNAPSHOT, joinSnapshots, type OperatorSnapshot } from './snapshot.js'

export interface HarnessOptions<In> {
  /** A fresh operator for one subtask. */
  readonly create: () => Operator
  /** Makes the operator's input keyed. */
  readonly keyOf?: (value: In) => Key
  /** The input whose records go to every subtask, without a key. */
  readonly broadcastInput?: number
  /** Names of the side outputs, in the order of their ports. */
  readonly sideOutputs?: readonly string[]
  readonly parameters?: Readonly<Record<string, unknown>>
  /** Default 8. */
  readonly maxParallelism?: number
  /** The clock at the start, epoch milliseconds. Default 0. */
  readonly startAt?: number
}

export interface CaseResult {
  /** Rows of the main output, cut behind what each watermark, clock movement and end caused. */
  readonly sections: readonly (readonly Emitted<unknown>[])[]
  readonly sideOutputs: Readonly<Record<string, readonly Emitted<unknown>[]>>
  readonly metrics: HarnessMetrics
}

type Row<In> = Extract<HarnessInput<In>, { kind: 'record' }>

/** Runs one case in one mode. */
export async function runCase<In>(
  options: HarnessOptions<In>,
  mode: HarnessMode,
  input: readonly HarnessInput<In>[],
): Promise<CaseResult> {
  const run = new CaseRun(options, mode)
  await run.deploy(1, EMPTY_SNAPSHOT)
  const elements = mode.isBatched ? batched(input) : input.map(single)
  if (mode.afterEach === 'recover') await sendWithFailures(run, elements)
  else for (const element of elements) await run.send(element)
  return run.finish()
}

function single<In>(element: HarnessInput<In>): HarnessInput<In> | readonly Row<In>[] {
  return element.kind === 'record' ? [element] : element
}

function batched<In>(input: readonly HarnessInput<In>[]): (HarnessInput<In> | readonly Row<In>[])[] {
  const elements: (HarnessInput<In> | Row<In>[])[] = []
  for (const element of input) {
    const last = elements.at(-1)
    if (element.kind !== 'record') elements.push(element)
    else if (Array.isArray(last) && last[0]?.input === element.input) last.push(element)
    else elements.push([element])
  }
  return elements
}

type Element<In> = HarnessInput<In> | readonly Row<In>[]

class CaseRun<In> implements RecoverableRun<Element<In>> {
  private readonly options: HarnessOptions<In>
  private readonly mode: HarnessMode
  private readonly maxParallelism: number
  private readonly environment: HarnessEnvironment
  private readonly metrics = new HarnessMetrics()
  private readonly ports: Emitted<unknown>[][]
  private readonly sections: Emitted<unknown>[][] = []
  instances: readonly OperatorInstance[] = []
  private rows = 0

  constructor(options: HarnessOptions<In>, mode: HarnessMode) {
    this.options = options
    this.mode = mode
    this.maxParallelism = options.maxParallelism ?? 8
    this.environment = new HarnessEnvironment(options.startAt ?? 0)
    this.ports = [[], ...(options.sideOutputs ?? []).map(() => [])]
  }

  async deploy(parallelism: number, restored: OperatorSnapshot): Promise<void> {
    const { sideOutputs = [], parameters = {} } = this.options
    this.instances = Array.from(
      { length: parallelism },
      (_, index) =>
        new OperatorInstance({
          operator: this.options.create(),
          index,
          parallelism,
          maxParallelism: this.maxParallelism,
          sideOutputs,
          parameters,
          environment: this.environment,
          metrics: this.metrics,
          restored,
          ports: this.ports,
          capacity: this.mode.capacity,
          isClosedEverySecondCall: this.mode.isClosedEverySecondCall,
        }),
    )
    for (const instance of this.instances) await instance.open()
  }

  async send(element: Element<In>): Promise<void> {
    if (isRows(element)) {
      await this.sendRows(element)
    } else if (element.kind === 'processingTime') {
      this.environment.setTime(element.now)
      for (const instance of this.instances) await instance.passTime(element.now)
      this.cut()
    } else {
      const timestamp = element.kind === 'watermark' ? element.timestamp : MAX_WATERMARK
      for (const instance of this.instances) await instance.advanceWatermark(timestamp)
      if (element.kind === 'end') for (const instance of this.instances) await instance.end()
      this.cut()
      if (element.kind === 'end') return
    }
    if (this.mode.afterEach === 'restore') await this.redeploy(1)
    if (this.mode.afterEach === 'rescale') await this.redeploy(this.instances.length === 1 ? 2 : 1)
  }

  async finish(): Promise<CaseResult> {
    this.cut()
    for (const instance of this.instances) await instance.close()
    const names = this.options.sideOutputs ?? []
    return {
      sections: this.sections,
      sideOutputs: Object.fromEntries(names.map((name, index) => [name, this.ports[index + 1] ?? []])),
      metrics: this.metrics,
    }
  }

  mark(): () => void {
    const { rows } = this
    const ports = this.ports.map((port) => [...port])
    const sections = this.sections.length
    const counters = this.metrics.save()
    const time = this.environment.clock.now()
    return () => {
      this.rows = rows
      ports.forEach((kept, index) => {
        this.ports[index]?.splice(0, Number.POSITIVE_INFINITY, ...kept)
      })
      this.sections.length = sections
      this.metrics.reset(counters)
      this.environment.setTime(time)
    }
  }

  private async redeploy(parallelism: number): Promise<void> {
    const parts: OperatorSnapshot[] = []
    for (const instance of this.instances) {
      parts.push(await instance.snapshot())
      await instance.close()
    }
    await this.deploy(parallelism, joinSnapshots(parts))
  }

  private async sendRows(rows: readonly Row<In>[]): Promise<void> {
    for (const [index, instance] of this.instances.entries()) {
      const mine = rows.filter((row) => this.isBroadcast(row) || this.subtaskOf(row) === index)
      if (mine.length > 0) await instance.send(this.batchOf(mine), mine[0]?.input ?? 0)
    }
    this.rows += rows.length
  }

  private isBroadcast({ input }: Row<In>): boolean {
    return input === this.options.broadcastInput
  }

  private subtaskOf(row: Row<In>): number {
    const { keyOf } = this.options
    if (keyOf === undefined) return this.rows % this.instances.length
    const group = keyGroupOf(keyOf(row.value), this.maxParallelism)
    return subtaskOfGroup(group, this.instances.length, this.maxParallelism)
  }

  /** Frozen: a batch belongs to nobody once it is handed on. */
  private batchOf(rows: readonly Row<In>[]): Batch<In> {
    const values = Object.freeze(rows.map((row) => row.value))
    const timestamps = Object.freeze(rows.map((row) => row.timestamp))
    const { keyOf } = this.options
    // A batch is of one input.
    if (keyOf === undefined || rows.some((row) => this.isBroadcast(row))) return new Batch(values, timestamps)
    const keys: readonly InternalKey[] = Object.freeze(values.map((value) => toInternalKey(keyOf(value))))
    const groups = Object.freeze(values.map((value) => keyGroupOf(keyOf(value), this.maxParallelism)))
    return new Batch(values, timestamps, keys, groups)
  }

  private cut(): void {
    this.sections.push(this.ports[0]?.splice(0) ?? [])
  }
}

function isRows<In>(element: HarnessInput<In> | readonly Row<In>[]): element is readonly Row<In>[] {
  return Array.isArray(element)
}
