import type { Polled, SplitReader } from '../../../core/connector.js'
import { NumbersReader } from './numbers-source.js'
import { reader, type SourceFault } from './source-fault.js'

const shared = new WeakMap<object, NumbersReader>()

export const READING_FAULTS: readonly SourceFault[] = [
  {
    fault: 'the last record of a split is left out',
    found: 'every record is read once, in the order of its split',
    options: reader(
      class extends NumbersReader {
        protected override get end(): number {
          return this.split.items.length - (this.split.id === 'numbers-1' ? 1 : 0)
        }
        protected override fetch(): void {
          super.fetch()
          if (this.fetchedUpTo > this.end) {
            this.buffer = this.buffer.slice(0, this.end - this.polledUpTo)
            this.fetchedUpTo = this.end
            this.isAtTip = true
          }
        }
      },
    ),
  },
  {
    fault: 'readers of one source share a buffer',
    found: 'readers of several splits do not disturb each other',
    options: {
      changed: (source) => ({
        ...source,
        read: (split, context) => {
          const own = source.read(split, context) as NumbersReader
          const before = shared.get(source)
          if (before === undefined) shared.set(source, own)
          else own.position = () => before.position()
          return before === undefined
            ? own
            : over(own, { poll: (most) => (before.finished ? own.poll(most) : before.poll(most)) })
        },
      }),
    },
  },
  {
    fault: 'poll gives all that there is',
    found: 'poll takes no more than it is asked for',
    options: reader(
      class extends NumbersReader {
        override poll(): Polled<number> | undefined {
          return super.poll(Number.POSITIVE_INFINITY)
        }
      },
    ),
  },
  {
    fault: 'poll gives an empty answer',
    found: 'poll gives undefined when it has nothing',
    options: reader(
      class extends NumbersReader {
        protected override nothing(): Polled<number> {
          return { values: [] }
        }
      },
    ),
  },
  {
    fault: 'a poll of three values has two offsets',
    found: 'timestamps and offsets are one a value',
    options: reader(
      class extends NumbersReader {
        override poll(maxRecords: number): Polled<number> | undefined {
          const polled = super.poll(maxRecords)
          if (polled === undefined || maxRecords !== 3) return polled
          return { ...polled, offsets: polled.offsets?.slice(1) ?? [] }
        }
      },
    ),
  },
  {
    fault: 'it never wakes',
    found: 'wake says when there is something to poll, or an end',
    options: reader(
      class extends NumbersReader {
        protected override wake(): void {
          if (this.failure) super.wake()
        }
      },
    ),
  },
  {
    fault: 'it is finished when all is fetched',
    found: 'a split is finished only when everything of it was polled',
    options: reader(
      class extends NumbersReader {
        override get finished(): boolean {
          return (this.isEnding || this.options.bounded) && this.fetchedUpTo >= this.end && !this.failure
        }
        override get caughtUp(): boolean {
          return super.finished
        }
      },
    ),
  },
  {
    fault: 'a bounded split never finishes',
    found: 'a split that was read says so: finished where the source is bounded, else caught up',
    options: reader(
      class extends NumbersReader {
        override get finished(): boolean {
          return this.isEnding && super.finished
        }
        override get caughtUp(): boolean {
          return super.finished
        }
      },
    ),
  },
  {
    fault: 'an unbounded split is never caught up',
    found: 'a split that was read says so: finished where the source is bounded, else caught up',
    options: {
      bounded: false,
      ...reader(
        class extends NumbersReader {
          override get caughtUp(): boolean {
            return this.finished
          }
        },
      ),
    },
  },
  {
    fault: 'it is caught up as soon as all is fetched',
    found: 'a split is caught up only when nothing of it is waiting',
    options: {
      bounded: false,
      ...reader(
        class extends NumbersReader {
          override get caughtUp(): boolean {
            return this.fetchedUpTo >= this.end
          }
        },
      ),
    },
  },
  {
    fault: 'endAtTip does nothing',
    found: 'a drain ends a split where it ends now',
    options: {
      bounded: false,
      ...reader(
        class extends NumbersReader {
          override endAtTip(): void {}
        },
      ),
    },
  },
]

/** A reader with something else in place of its own. */
function over<T>(right: SplitReader<T>, change: Partial<SplitReader<T>>): SplitReader<T> {
  return {
    poll: (most) => right.poll(most),
    position: () => right.position(),
    get finished() {
      return right.finished
    },
    get caughtUp() {
      return right.caughtUp
    },
    endAtTip: () => right.endAtTip?.(),
    close: () => right.close(),
    ...change,
  }
}
