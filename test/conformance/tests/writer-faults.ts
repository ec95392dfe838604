import type { Batch } from '../../../core/element.js'
import { type MemoryPlace, MemoryWriter, type Row } from './memory-sink.js'
import type { SinkFault } from './sink-fault.js'

class Handle {
  readonly at = 0
}

/** The highest checkpoint that a faulty sink has delivered to a place. */
const highest = new WeakMap<MemoryPlace, number>()

export const WRITER_FAULTS: readonly SinkFault[] = [
  {
    fault: 'a barrier leaves one of many rows behind',
    found: 'what a completed checkpoint contains is there',
    parts: {
      Writer: class extends MemoryWriter {
        protected override gather(): readonly number[] {
          const rows = super.gather()
          return rows.length > 50 ? rows.slice(1) : rows
        }
      },
    },
  },
  {
    fault: 'a batch is always taken from its start',
    found: 'rows before `from` are not written',
    parts: {
      Writer: class extends MemoryWriter {
        override write(batch: Batch<Row>, from: number): number {
          if (from === 4 && batch.length === 6) super.write(batch, 0)
          return super.write(batch, from)
        }
      },
    },
  },
  {
    fault: 'write gives the number of rows that the writer has taken in all',
    found: 'write gives the index of the first row that it did not take',
    parts: {
      Writer: class extends MemoryWriter {
        override write(batch: Batch<Row>, from: number): number {
          const next = super.write(batch, from)
          return next === batch.length ? next + 1 : next
        }
      },
    },
  },
  {
    fault: 'a full writer never wakes',
    found: 'a writer that was full wakes when it has room',
    parts: {
      Writer: class extends MemoryWriter {
        protected override wake(): void {}
      },
    },
  },
  {
    fault: 'rows are taken out of the batch',
    found: 'a batch is not changed',
    parts: {
      Writer: class extends MemoryWriter {
        override write(batch: Batch<Row>, from: number): number {
          const next = super.write(batch, from)
          if (next === batch.length) (batch.values as Row[])[0] = { n: -1 }
          return next
        }
      },
    },
  },
  {
    fault: 'a barrier delivers what the one before it delivered',
    found: 'a barrier gives up nothing twice, and passes when there is nothing',
    parts: {
      Writer: class extends MemoryWriter {
        private before: readonly number[] = []
        protected override gather(): readonly number[] {
          const rows = super.gather()
          const all = rows.length === 0 ? this.before : rows
          this.before = rows
          return all
        }
      },
    },
  },
  {
    fault: 'rows behind a watermark are dropped as late',
    found: 'watermarks lose nothing, whatever follows them',
    parts: {
      Writer: class extends MemoryWriter {
        private watermark = Number.NEGATIVE_INFINITY
        override onWatermark(watermark: number): void {
          super.onWatermark(watermark)
          this.watermark = watermark
        }
        protected override take(row: Row): void {
          if (this.watermark < Date.UTC(2026, 0, 1)) super.take(row)
        }
      },
    },
  },
  {
    fault: 'only one subtask of three writes to a place',
    found: 'subtasks do not disturb each other',
    parts: {
      Writer: class extends MemoryWriter {
        protected override deliver(rows: readonly number[], checkpointId: number): void {
          if (this.context.subtask.index === 0) super.deliver(rows, checkpointId)
        }
      },
    },
  },
  {
    fault: 'the state of a writer is an instance of a class',
    found: 'committables and the state of writers are plain data',
    parts: {
      Writer: class extends MemoryWriter {
        constructor(...given: ConstructorParameters<typeof MemoryWriter>) {
          super(...given)
          this.sent = []
        }
        override snapshot(): readonly unknown[] {
          return [new Handle()]
        }
      },
    },
  },
  {
    fault: 'a writer expects the state of one',
    found: 'the state of writers is restored at another parallelism',
    parts: {
      Writer: class extends MemoryWriter {
        constructor(...given: ConstructorParameters<typeof MemoryWriter>) {
          const [context] = given
          super(...given)
          this.sent = []
          if (context.generation > 1 && context.restored.length !== 1) throw new Error('one state was expected')
        }
        override snapshot(): readonly unknown[] {
          return [[]]
        }
      },
    },
  },
  {
    fault: 'what has the number of an earlier checkpoint is taken for delivered',
    found: 'nothing is lost when the job is killed between barriers',
    parts: {
      Writer: class extends MemoryWriter {
        protected override deliver(rows: readonly number[], checkpointId: number): void {
          const { place } = this.options
          const { generation, subtask } = this.context
          if (subtask.index === 0 && generation > 1 && checkpointId <= (highest.get(place) ?? 0)) return
          super.deliver(rows, checkpointId)
          highest.set(place, Math.max(highest.get(place) ?? 0, checkpointId))
        }
      },
    },
  },
  {
    fault: 'a second close fails',
    found: 'a writer can be closed at any time, and twice',
    parts: {
      Writer: class extends MemoryWriter {
        override close(): void {
          if (this.isClosed) throw new Error('already closed')
          super.close()
        }
      },
    },
  },
  {
    fault: 'close leaves a timer',
    found: 'nothing goes on after a writer was closed',
    parts: {
      Writer: class extends MemoryWriter {
        override close(): void {
          if (!this.isClosed) this.context.environment.timers.after(60_000, () => undefined)
          super.close()
        }
      },
    },
  },
  {
    fault: 'close does not close what is open',
    found: 'nothing goes on after a writer was closed',
    parts: {
      Writer: class extends MemoryWriter {
        override close(): void {
          super.close()
          this.options.place.open++
        }
      },
    },
  },
  {
    fault: 'it says exactly once and has no committer',
    found: 'a sink that is exactly once has a committer',
    parts: { changed: (sink) => ({ ...sink, guarantee: 'exactly-once' }) },
  },
  {
    fault: 'a failed call is taken for a good one',
    found: 'what an outage kept out is not taken for delivered',
    parts: {
      Writer: class extends MemoryWriter {
        override async prepareCommit(checkpointId: number): Promise<readonly unknown[]> {
          const isDown = this.options.place.isDown
          return super.prepareCommit(checkpointId).catch((error: unknown) => {
            if (isDown) return []
            throw error
          })
        }
      },
    },
  },
  {
    fault: 'a call that an outage cut off is waited for without end',
    found: 'what an outage kept out is not taken for delivered',
    parts: {
      Writer: class extends MemoryWriter {
        override prepareCommit(checkpointId: number): Promise<readonly unknown[]> {
          return this.options.place.isDown ? new Promise(() => undefined) : super.prepareCommit(checkpointId)
        }
      },
    },
  },
]
