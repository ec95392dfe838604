import { table } from '../table.js'
import { type LetterFilter, type LetterPlace, lettersIn, withLetters } from './letter-files.js'
import type { StoredLetter } from './letter-line.js'

export interface ShowOptions extends LetterFilter, LetterPlace {
  readonly json: boolean
}

interface Group {
  readonly operator: string
  readonly code: string
  count: number
  first: number
  last: number
  readonly sample: { readonly id: string; readonly message: string; readonly raw: string }
}

/** Of the raw bytes of a sample. */
const SHOWN = 200

/** What `tidemark dead-letters show` prints: a row for each operator and code. */
export function showLetters(location: string, options: ShowOptions): Promise<string> {
  return withLetters(location, options, async (store) => {
    const groups = new Map<string, Group>()
    for await (const letter of lettersIn(store, options)) add(groups, letter)
    const rows = [...groups.values()].sort((left, right) => right.count - left.count)
    if (options.json) return JSON.stringify(rows.map(printable), undefined, 2)
    if (rows.length === 0) return 'no dead letters that fit'
    const counts = table(
      ['operator', 'code', 'letters', 'first', 'last'],
      rows.map(({ operator, code, count, first, last }) => [operator, code, count, timeOf(first), timeOf(last)]),
    )
    const samples = rows.map(({ operator, code, sample }) => {
      return `${operator} ${code}, ${sample.id}\n  ${sample.message}\n  ${sample.raw}`
    })
    return [counts, ...samples].join('\n\n')
  })
}

function add(groups: Map<string, Group>, letter: StoredLetter): void {
  const { operatorId: operator, code, rejectedAt, id, message, raw } = letter
  const name = `${operator}\n${code}`
  const group = groups.get(name)
  if (group === undefined) {
    const sample = { id, message: plain(message), raw: plain(new TextDecoder().decode(raw)).slice(0, SHOWN) }
    groups.set(name, {
      operator: plain(operator),
      code: plain(code),
      count: 1,
      first: rejectedAt,
      last: rejectedAt,
      sample,
    })
    return
  }
  group.count++
  group.first = Math.min(group.first, rejectedAt)
  group.last = Math.max(group.last, rejectedAt)
}

/** What a record holds must not move the cursor of a terminal. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]+/gu, ' ')
}

function printable({ first, last, ...group }: Group) {
  return { ...group, first: timeOf(first), last: timeOf(last) }
}

function timeOf(ms: number): string {
  const time = new Date(ms)
  return Number.isNaN(time.getTime()) ? String(ms) : time.toISOString()
}
