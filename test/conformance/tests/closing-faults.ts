import type { Polled } from '../../../core/connector.js'
import { NumbersReader } from './numbers-source.js'
import { reader, type SourceFault } from './source-fault.js'

/** Of closing, failing and malformed records. */
export const CLOSING_FAULTS: readonly SourceFault[] = [
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
