import type { RowGroup } from 'hyparquet'
import type { Field } from './fields.js'

/** So often a column is written without another look whether a dictionary would do. */
const GROUPS_WITHOUT = 4

/**
 * Which columns get no dictionary. To find out costs about as much as to write the column, and rows that come one after
 * the other are mostly alike: where it gained nothing, the next row groups do without.
 */
export class Dictionaries {
  /** Of a group's chunks, the one that a column is; -1 where it is no single value a row. */
  readonly #chunks: readonly number[]
  /** By column: groups that are still written without. */
  readonly #without: number[]

  constructor(fields: readonly Field[]) {
    let next = 0
    this.#chunks = fields.map(({ leaves, elements }) => {
      const chunk = elements.length === 1 ? next : -1
      next += leaves
      return chunk
    })
    this.#without = fields.map(() => 0)
  }

  /** Asked once a row group. */
  isWithout(column: number): boolean {
    const groups = this.#without[column]!
    if (groups > 0) this.#without[column] = groups - 1
    return groups > 0
  }

  /** Looks at what became of the columns that had a choice. */
  learn({ columns }: RowGroup, hadChoice: readonly boolean[]): void {
    for (const [column, chunk] of this.#chunks.entries()) {
      if (hadChoice[column] !== true || chunk < 0) continue
      const encodings = columns[chunk]?.meta_data?.encodings
      // Of booleans it is another one, which has no dictionary either.
      if (encodings?.length === 1 && encodings[0] === 'PLAIN') this.#without[column] = GROUPS_WITHOUT
    }
  }
}
