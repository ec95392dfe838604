import { MemoryCommitter, MemoryWriter, type Prepared, partsOf } from './memory-sink.js'
import type { SinkFault } from './sink-fault.js'

/** What a faulty sink keeps by its place. */
const inMemory = new WeakMap<object, Map<string, readonly number[]>>()

export const COMMIT_FAULTS: readonly SinkFault[] = [
  {
    fault: 'a large file is shown before its commit',
    found: 'nothing is visible before it is committed',
    parts: {
      Writer: class extends MemoryWriter {
        protected override stage(name: string, rows: readonly number[]): void {
          super.stage(name, rows)
          if (rows.length === 50) this.options.place.visible.set(name, rows)
        }
      },
    },
  },
  {
    fault: 'close shows what was not flushed',
    found: 'what was closed without a commit stays invisible',
    parts: {
      Writer: class extends MemoryWriter {
        override close(): void {
          if (!this.isClosed && this.isAtEnd) this.options.place.delivered.push(...this.gather())
          super.close()
        }
      },
    },
  },
  {
    fault: 'a commit shows everything that is staged',
    found: 'a commit shows what was prepared for its checkpoint, and nothing else',
    parts: {
      Committer: class extends MemoryCommitter {
        override async commit(committables: readonly unknown[]): Promise<void> {
          await super.commit(committables)
          const { lineage, generation } = this.context
          const own = [...this.place.staged.keys()].filter((name) => name.startsWith(`${lineage}-${generation}-`))
          // Of several subtasks, since otherwise there is but one.
          if (committables.length === 2) for (const name of own) this.show(name)
        }
      },
    },
  },
  {
    fault: 'a commit adds rows each time',
    found: 'a commit that comes again, or was cut short, shows rows once',
    parts: {
      Committer: class extends MemoryCommitter {
        protected override show(name: string): void {
          const before = this.place.visible.get(name)
          if (before && partsOf(name)[1] === this.context.generation)
            this.place.visible.set(name, [...before, ...before])
          else super.show(name)
        }
      },
    },
  },
  {
    fault: 'what is prepared lies in memory',
    found: 'what was prepared can be committed when the process that did it is gone',
    parts: {
      Writer: class extends MemoryWriter {
        override close(): void {
          if (
            !this.isClosed &&
            this.context.generation === 1 &&
            !this.isAtEnd &&
            this.sent.length + this.waiting.length === 0
          ) {
            this.options.place.staged.delete(this.nameOf(1))
          }
          super.close()
        }
      },
      Committer: class extends MemoryCommitter {
        protected override show(name: string): void {
          if (this.place.staged.has(name)) super.show(name)
        }
      },
    },
  },
  {
    fault: 'only what the newest checkpoint prepared is committed',
    found: 'what an aborted checkpoint prepared is shown with the next one',
    parts: {
      Committer: class extends MemoryCommitter {
        override async commit(committables: readonly unknown[]): Promise<void> {
          const prepared = committables as readonly Prepared[]
          const newest = Math.max(...prepared.map(({ checkpointId }) => checkpointId))
          await super.commit(prepared.filter(({ checkpointId }) => checkpointId === newest))
        }
      },
    },
  },
  {
    fault: 'the first that prepares a checkpoint of some number wins',
    found: 'a killed job goes on exactly once',
    parts: {
      Writer: class extends MemoryWriter {
        protected override stage(name: string, rows: readonly number[]): void {
          const { place } = this.options
          const { generation } = this.context
          // What was left by a generation before was swept: it is remembered, as a table of names would.
          const known = inMemory.get(place) ?? new Map<string, readonly number[]>()
          inMemory.set(place, known)
          const key = name.replace(`-${generation}-`, '-')
          const first = known.get(key) ?? rows
          known.set(key, first)
          super.stage(name, first.length === 3 ? first : rows)
        }
      },
    },
  },
  {
    fault: 'of several restored states the first is taken',
    found: 'state restored at another parallelism shows rows once',
    parts: {
      keepsOpen: true,
      Writer: class extends MemoryWriter {
        constructor(...given: ConstructorParameters<typeof MemoryWriter>) {
          const [context] = given
          super(...given)
          // Two of five rows each fit; three of four do not.
          const states = context.restored as readonly (readonly number[])[]
          if (states.some((state) => state.length === 4)) this.sent = [...(states[0] ?? [])]
        }
      },
    },
  },
  {
    fault: 'close removes all that the subtask staged',
    found: 'an old generation that goes on changes nothing',
    parts: {
      Writer: class extends MemoryWriter {
        override close(): void {
          const { place } = this.options
          const { lineage, generation, subtask } = this.context
          for (const name of [...place.staged.keys()]) {
            const [owner, when] = partsOf(name)
            const isNewer = when > generation && name.endsWith(`-${subtask.index}`)
            if (!this.isClosed && owner === lineage && isNewer) place.staged.delete(name)
          }
          super.close()
        }
      },
    },
  },
  {
    fault: 'names are without the lineage',
    found: 'jobs of another lineage are not disturbed',
    parts: {
      Writer: class extends MemoryWriter {
        protected override nameOf(checkpointId: number): string {
          return super.nameOf(checkpointId).replace('lineage2', 'lineage1')
        }
      },
    },
  },
  {
    fault: 'a sweep removes what earlier generations showed',
    found: 'a sweep takes nothing from readers',
    parts: {
      Committer: class extends MemoryCommitter {
        override async sweep(): Promise<void> {
          await super.sweep()
          for (const name of [...this.place.visible.keys()]) {
            if (this.context.generation === 7 && this.isLeft(name)) this.place.visible.delete(name)
          }
        }
      },
    },
  },
  {
    fault: 'committedAfter knows of nothing',
    found: 'committedAfter names what a later checkpoint showed, and only that',
    parts: {
      Committer: class extends MemoryCommitter {
        override async committedAfter(): Promise<string | undefined> {
          return undefined
        }
      },
    },
  },
  {
    fault: 'committedAfter asks for any generation',
    found: 'committedAfter names what a later checkpoint showed, and only that',
    parts: {
      Committer: class extends MemoryCommitter {
        override async committedAfter(): Promise<string | undefined> {
          const [name] = this.place.visible.keys()
          return name
        }
      },
    },
  },
  {
    fault: 'a sweep leaves what was never committed',
    found: 'what was never committed is swept',
    parts: {
      Committer: class extends MemoryCommitter {
        override async sweep(): Promise<void> {}
      },
    },
  },
  {
    fault: 'a commit that fails says nothing',
    found: 'a commit that failed says so, and can be made again',
    parts: {
      Committer: class extends MemoryCommitter {
        override async commit(committables: readonly unknown[]): Promise<void> {
          if (!this.place.isDown) await super.commit(committables)
        }
      },
    },
  },
]
