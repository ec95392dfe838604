import type { Split } from '../../../core/connector.js'
import { NumbersReader, type NumbersSplit } from './numbers-source.js'
import { reader, type SourceFault } from './source-fault.js'

class Cursor {
  readonly at = 0
}

export const POSITION_FAULTS: readonly SourceFault[] = [
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
]
