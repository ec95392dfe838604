import type { Field } from './fields.js'
import type { Misfit } from './misfit.js'
import { Parts, type Stored, sizeOf, UnknownPart } from './parts.js'

/** A column of a row group. */
export interface TakenColumn {
  readonly field: Field
  readonly values: Stored[]
}

/** The values of one column in the rows of a group. Those behind the ones that count are of a row that did not fit. */
class Column {
  readonly field: Field
  readonly name: string
  /** Of the row that it has a value of. */
  row = -1
  #values: Stored[] = []
  /** Rows of the group before. */
  #expected = 0
  readonly #convert: (value: unknown) => Stored
  readonly #isSized: boolean

  constructor(field: Field) {
    this.field = field
    this.name = field.name
    this.#convert = field.convert
    this.#isSized = field.bytes !== undefined
  }

  take(rows: number): TakenColumn {
    const values = this.#values
    values.length = rows
    this.#values = []
    this.#expected = rows
    return { field: this.field, values }
  }

  /** @returns the bytes of the value that are not of every value. @throws Misfit */
  set(at: number, value: unknown): number {
    const stored = this.#convert(value)
    const values = this.#values
    if (at === values.length) values.length = this.#roomBehind(at)
    values[at] = stored
    return this.#isSized ? 0 : sizeOf(stored)
  }

  /**
   * An array that grows by itself leaves three times as much to the garbage collector as one of the right length. One that is
   * of the right length at once would be held for columns that get few rows.
   */
  #roomBehind(rows: number): number {
    const room = 4 * rows + 16
    return rows < this.#expected ? Math.min(room, this.#expected) : room
  }
}

/** Takes rows apart into the columns of a schema. */
export class Columns {
  readonly #all: readonly Column[]
  readonly #byName: ReadonlyMap<string, Column>
  readonly #parts: Parts
  #row = 0
  #current: Column | undefined

  constructor(fields: readonly Field[]) {
    this.#all = fields.map((field) => new Column(field))
    this.#byName = new Map(this.#all.map((column) => [column.name, column]))
    this.#parts = new Parts(fields)
  }

  /** The column that was worked on last; undefined where none was. */
  get current(): string | undefined {
    return this.#current?.name
  }

  /**
   * Puts a row's values at a place in all columns.
   * @returns what `Column.set` returns, of all. @throws Misfit
   */
  set(at: number, row: object): number {
    const all = this.#all
    const values = row as Readonly<Record<string, unknown>>
    const number = ++this.#row
    this.#current = undefined
    let bytes = 0
    let taken = 0
    if (!this.#parts.hasInherited) {
      // In the order that the row has, which is most often that of the schema: such a read costs an engine least.
      for (const name in row) {
        let column = all[taken]
        if (column?.name !== name) {
          column = this.#byName.get(name)
          if (column === undefined) throw this.#unknown(name)
        }
        this.#current = column
        column.row = number
        bytes += column.set(at, values[name])
        taken++
      }
      if (taken === all.length) return bytes
    } else this.#parts.requireKnown(row)
    // Those that a class has as getters, and those that are left out.
    for (const column of all) {
      if (column.row === number) continue
      this.#current = column
      bytes += column.set(at, this.#parts.read(row, column.name))
    }
    return bytes
  }

  /** Hands over the first rows. */
  take(rows: number): readonly TakenColumn[] {
    return this.#all.map((column) => column.take(rows))
  }

  #unknown(name: string): Misfit {
    this.#current = undefined
    return new UnknownPart(name)
  }
}
