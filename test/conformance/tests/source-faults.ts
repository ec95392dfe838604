import type { Polled, Split, SplitEnumerator, SplitReader } from '../../../core/connector.js'
import {
  NumbersReader,
  type NumbersReaderClass,
  type NumbersSourceOptions,
  type NumbersSplit,
} from './numbers-source.js'

/** A source with one fault, and the one check that finds it. */
export interface SourceFault {
  readonly fault: string
  readonly found: string
  readonly options: NumbersSourceOptions
}

function reader(Reader: NumbersReaderClass): NumbersSourceOptions {
  return { Reader }
}

function enumerator(change: (enumerator: SplitEnumerator) => Partial<SplitEnumerator>): NumbersSourceOptions {
  return {
    changed: (source) => ({
      ...source,
      enumerate: (context) => {
        const right = source.enumerate(context)
        return { ...right, ...change(right) }
      },
    }),
  }
}

function splits(change: (split: Split) => Split): NumbersSourceOptions {
  return {
    changed: (source) => ({
      ...source,
      enumerate: (context) => {
        const right = source.enumerate(context)
        const discover = async (known: ReadonlySet<string>): Promise<readonly Split[]> =>
          (await right.discover(known)).map(change)
        return { ...right, discover }
      },
    }),
  }
}

class Cursor {
  readonly at = 0
}

let discoveries = 0
let assigned = 0
const shared = new WeakMap<object, NumbersReader>()

export const SOURCE_FAULTS: readonly SourceFault[] = [
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
  {
    fault: 'a position is that of what was fetched',
    found: 'a position restores exactly: nothing is lost, nothing comes twice',
    options: reader(
      class extends NumbersReader {
        override position(): Split {
          // A reader that was restored has it right, so that this is the one fault.
          if (this.split.next > 0 || this.polledUpTo < 3) return super.position()
          const position: NumbersSplit = { ...this.split, next: this.fetchedUpTo }
          return position
        }
      },
    ),
  },
  {
    fault: 'a position counts from where the reader began',
    found: 'a reader that was restored can be restored again',
    options: reader(
      class extends NumbersReader {
        override position(): Split {
          const from = this.split.id === 'numbers-1' ? this.split.next : 0
          const position: NumbersSplit = { ...this.split, next: this.polledUpTo - from }
          return position
        }
      },
    ),
  },
  {
    fault: 'a position is the object that the reader counts with',
    found: 'a position that was taken does not change',
    options: reader(
      class extends NumbersReader {
        private readonly live: { id: string; items: NumbersSplit['items']; next: number } = { ...this.split }
        override position(): Split {
          this.live.next = this.polledUpTo
          return this.live
        }
      },
    ),
  },
  {
    fault: 'a position holds an instance of a class',
    found: 'splits and positions are plain data',
    options: reader(
      class extends NumbersReader {
        private readonly cursor = new Cursor()
        override position(): Split {
          return { ...super.position(), cursor: this.cursor } as Split
        }
      },
    ),
  },
  {
    fault: 'a position has an id of its own',
    found: 'a position keeps the id of its split',
    options: reader(
      class extends NumbersReader {
        override position(): Split {
          const { id } = this.split
          return { ...super.position(), id: id === 'numbers-1' ? `${id}@${this.polledUpTo}` : id }
        }
      },
    ),
  },
  {
    fault: 'offsets count from where the reader began',
    found: 'a record that is read again has the place and time that it had',
    options: reader(
      class extends NumbersReader {
        protected override offsetOf(index: number): number {
          return index - this.split.next
        }
      },
    ),
  },
  {
    fault: 'discover gives all splits every time',
    found: 'discover gives what is not known, and nothing else',
    options: enumerator(({ discover }) => {
      let calls = 0
      return { discover: (known) => discover(calls++ === 0 ? known : new Set()) }
    }),
  },
  {
    fault: 'ids are new every time',
    found: 'splits have the same ids whoever finds them, and no two the same',
    options: enumerator(({ discover }) => {
      let suffix = `-run-${discoveries++}`
      return {
        discover: async (known) => {
          // A job that goes on knows what they were called.
          const [first = ''] = known
          suffix = /-run-\d+$/.exec(first)?.[0] ?? suffix
          const right = await discover(new Set([...known].map((id) => id.replace(/-run-\d+$/, ''))))
          return right.map((split) => ({ ...split, id: `${split.id}${suffix}` }))
        },
      }
    }),
  },
  {
    fault: 'a restored enumerator has forgotten the splits',
    found: 'an enumerator goes on from its snapshot',
    options: enumerator(() => ({ snapshot: () => ({ count: 1 }) })),
  },
  {
    fault: 'splits are assigned in turn, whatever was asked',
    found: 'a split is assigned to a subtask there is, always the same one',
    options: enumerator(() => ({ assign: (_split, _ordinal, parallelism) => assigned++ % parallelism })),
  },
  {
    fault: 'splits have parents, and the source does not say so',
    found: 'splits have parents only where the source says so',
    options: splits((split) => ({ ...split, parents: split.id === 'numbers-0' ? [] : ['numbers-0'] })),
  },
  {
    fault: 'a second close fails',
    found: 'a reader can be closed at any time, and twice',
    options: reader(
      class extends NumbersReader {
        override close(): void {
          if (this.isClosed) throw new Error('already closed')
          super.close()
        }
      },
    ),
  },
  {
    fault: 'close leaves a timer',
    found: 'nothing goes on after close',
    options: reader(
      class extends NumbersReader {
        override close(): void {
          super.close()
          this.context.environment.timers.after(60_000, () => undefined)
        }
      },
    ),
  },
  {
    fault: 'close does not close what is open',
    found: 'nothing goes on after close',
    options: reader(
      class extends NumbersReader {
        override close(): void {
          super.close()
          this.place.open++
        }
      },
    ),
  },
  {
    fault: 'the buffer has no bound',
    found: 'a reader that is not polled stops fetching',
    options: reader(
      class extends NumbersReader {
        protected override get hasRoom(): boolean {
          return true
        }
      },
    ),
  },
  {
    fault: 'a failure is kept to itself',
    found: 'poll throws what broke the reader, and the reader wakes for it',
    options: reader(
      class extends NumbersReader {
        protected override fetch(): void {
          super.fetch()
          this.failure = undefined
        }
      },
    ),
  },
  {
    fault: 'it does not wake for a failure',
    found: 'poll throws what broke the reader, and the reader wakes for it',
    options: reader(
      class extends NumbersReader {
        protected override wake(): void {
          if (!this.failure) super.wake()
        }
      },
    ),
  },
  {
    fault: 'a malformed record is dropped, whatever the policy',
    found: 'malformed records: fail',
    options: reader(
      class extends NumbersReader {
        protected override fetch(): void {
          super.fetch()
          if (this.options.onMalformed !== 'fail') return
          const right = this.buffer.filter((item) => item !== 'malformed')
          this.polledUpTo += this.buffer.length - right.length
          this.buffer = right
        }
      },
    ),
  },
  {
    fault: 'a dead letter is without its bytes',
    found: 'malformed records: deadLetter',
    options: reader(
      class extends NumbersReader {
        protected override letter() {
          return { ...super.letter(), raw: new Uint8Array() }
        }
      },
    ),
  },
  {
    fault: 'what is skipped is not counted',
    found: 'malformed records: skip',
    options: reader(
      class extends NumbersReader {
        override poll(maxRecords: number): Polled<number> | undefined {
          const polled = super.poll(maxRecords)
          return polled?.skipped === undefined ? polled : { ...polled, skipped: 0 }
        }
      },
    ),
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
