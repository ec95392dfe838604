import type {
  CommitPoint,
  Committer,
  CommitterContext,
  Sink,
  SinkWriter,
  WriterContext,
} from '../../../core/connector.js'
import { type Batch, MAX_WATERMARK } from '../../../core/element.js'

export interface Row {
  n: number
}

/** The outside of a sink: rows that readers see, and rows that they do not. */
export class MemoryPlace {
  readonly delivered: number[] = []
  readonly staged = new Map<string, readonly number[]>()
  readonly visible = new Map<string, readonly number[]>()
  open = 0
  isDown = false

  get rows(): readonly number[] {
    return [...this.delivered, ...[...this.visible.values()].flat()]
  }

  check(): void {
    if (this.isDown) throw new Error('the place is down')
  }
}

export interface Prepared {
  readonly name: string
  readonly lineage: string
  readonly generation: number
  readonly checkpointId: number
}

export interface MemorySinkOptions {
  readonly place: MemoryPlace
  readonly twoPhase: boolean
  /** Rows wait in the writer's state until there are many, or no more. */
  readonly keepsOpen: boolean
}

const ROOM = 20
const FEW = 8

/** A writer as it should be: what it takes it sends on a moment later, and it is full at times. */
export class MemoryWriter implements SinkWriter<Row> {
  protected readonly context: WriterContext
  protected readonly options: MemorySinkOptions
  /** Taken, and not yet sent. */
  protected waiting: number[] = []
  /** Sent, and not yet prepared. */
  protected sent: number[]
  protected isRefused = false
  protected isAtEnd = false
  protected isClosed = false
  protected cancelTimer: (() => void) | undefined

  constructor(context: WriterContext, options: MemorySinkOptions) {
    this.context = context
    this.options = options
    this.sent = (context.restored as readonly (readonly number[])[]).flat()
    options.place.open++
  }

  write(batch: Batch<Row>, from: number): number {
    let row = from
    for (; row < batch.length && this.waiting.length < ROOM; row++) this.take(batch.values[row] as Row)
    this.isRefused = row < batch.length
    this.cancelTimer ??= this.context.environment.timers.after(1, () => this.send())
    return row
  }

  onWatermark(watermark: number): void {
    this.isAtEnd = watermark === MAX_WATERMARK
  }

  async prepareCommit(checkpointId: number): Promise<readonly unknown[]> {
    const { place, twoPhase, keepsOpen } = this.options
    place.check()
    const rows = this.gather()
    if (keepsOpen && rows.length < FEW && !this.isAtEnd) {
      this.sent = [...rows]
      return []
    }
    this.sent = []
    if (rows.length === 0) return []
    if (!twoPhase) {
      this.deliver(rows, checkpointId)
      return []
    }
    const name = this.nameOf(checkpointId)
    this.stage(name, rows)
    const { lineage, generation } = this.context
    const prepared: Prepared = { name, lineage, generation, checkpointId }
    return [prepared]
  }

  snapshot(): readonly unknown[] {
    return this.sent.length === 0 ? [] : [[...this.sent]]
  }

  close(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.options.place.open--
    this.cancelTimer?.()
  }

  protected take(row: Row): void {
    this.waiting.push(row.n)
  }

  protected send(): void {
    this.cancelTimer = undefined
    this.sent.push(...this.waiting)
    this.waiting = []
    if (this.isRefused) this.wake()
    this.isRefused = false
  }

  protected wake(): void {
    this.context.wake()
  }

  protected gather(): readonly number[] {
    const rows = [...this.sent, ...this.waiting]
    this.waiting = []
    return rows
  }

  protected deliver(rows: readonly number[], _checkpointId: number): void {
    this.options.place.delivered.push(...rows)
  }

  protected stage(name: string, rows: readonly number[]): void {
    this.options.place.staged.set(name, rows)
  }

  protected nameOf(checkpointId: number): string {
    const { lineage, generation, subtask } = this.context
    return `${lineage}-${generation}-${checkpointId}-${subtask.index}`
  }
}

/** A committer as it should be. */
export class MemoryCommitter implements Committer {
  protected readonly context: CommitterContext
  protected readonly place: MemoryPlace

  constructor(context: CommitterContext, { place }: MemorySinkOptions) {
    this.context = context
    this.place = place
  }

  async commit(committables: readonly unknown[]): Promise<void> {
    this.place.check()
    for (const prepared of committables as readonly Prepared[]) this.show(prepared.name)
  }

  async sweep(): Promise<void> {
    for (const name of [...this.place.staged.keys()]) if (this.isLeft(name)) this.place.staged.delete(name)
  }

  async committedAfter(point: CommitPoint): Promise<string | undefined> {
    for (const name of this.place.visible.keys()) {
      const [lineage, generation, checkpointId] = partsOf(name)
      const isLater =
        generation === point.generation ? checkpointId > point.checkpointId : generation > point.generation
      if (lineage === point.lineage && isLater) return name
    }
    return undefined
  }

  protected show(name: string): void {
    const rows = this.place.staged.get(name)
    if (rows === undefined && !this.place.visible.has(name)) throw new Error(`${name} is gone`)
    if (rows === undefined) return
    this.place.visible.set(name, rows)
    this.place.staged.delete(name)
  }

  protected isLeft(name: string): boolean {
    const [lineage, generation] = partsOf(name)
    return lineage === this.context.lineage && generation < this.context.generation
  }
}

export function partsOf(name: string): readonly [lineage: string, generation: number, checkpointId: number] {
  const [lineage = '', generation, checkpointId] = name.split('-')
  return [lineage, Number(generation), Number(checkpointId)]
}

export interface MemorySinkParts extends Partial<Pick<MemorySinkOptions, 'keepsOpen'>> {
  readonly Writer?: new (context: WriterContext, options: MemorySinkOptions) => MemoryWriter
  readonly Committer?: new (context: CommitterContext, options: MemorySinkOptions) => MemoryCommitter
  readonly twoPhase?: boolean
  /** What the sink is changed into, to be at fault. */
  readonly changed?: (sink: Sink<Row>) => Sink<Row>
}

export function memorySink(place: MemoryPlace, parts: MemorySinkParts = {}): Sink<Row> {
  const { Writer = MemoryWriter, Committer = MemoryCommitter, twoPhase = false, keepsOpen = false } = parts
  const { changed = (sink) => sink } = parts
  const options = { place, twoPhase, keepsOpen }
  return changed({
    kind: 'memory',
    guarantee: twoPhase ? 'exactly-once' : 'at-least-once',
    write: (context) => new Writer(context, options),
    ...(twoPhase && { committer: (context: CommitterContext) => new Committer(context, options) }),
  })
}
