import { type CallAnswer, DONE, type PassingFailure, type RecordOutcome } from '../batching/call.js'
import { type Place, resultInvalid, rowRejected, saidOf, writeFailed } from './errors.js'
import type { RowRecord } from './row-records.js'

const CODE = /^[A-Za-z0-9_.-]{1,64}$/

/** What `write` gave, as the delivery has it. What is no answer fails the job: guessing would lose rows or double them. */
export function callAnswerOf(place: Place, records: readonly RowRecord<unknown>[], result: unknown): CallAnswer {
  if (result === undefined) return { kind: 'records', outcomes: records.map(() => DONE) }
  if (Array.isArray(result)) return rowAnswers(place, records, result)
  const fields = fieldsOf(result)
  if (isOnly(fields, 'retry', 'isThrottled')) return passing(fields)
  if (isOnly(fields, 'split', 'isTooLarge')) {
    const [first] = records
    const problem = rowRejected(place, saidOf(fields['split']), first && locationOf(first))
    return { kind: 'split', isTooLarge: fields['isTooLarge'] === true, problem }
  }
  if (isOnly(fields, 'fail')) return { kind: 'failed', problem: writeFailed(place, saidOf(fields['fail'])) }
  return { kind: 'failed', problem: resultInvalid(place, shown(result)) }
}

function rowAnswers(place: Place, records: readonly RowRecord<unknown>[], results: readonly unknown[]): CallAnswer {
  if (results.length !== records.length) {
    const found = `${counted(results.length, 'result')} for ${counted(records.length, 'row')}`
    return { kind: 'failed', problem: resultInvalid(place, found) }
  }
  const outcomes: RecordOutcome[] = []
  for (let index = 0; index < records.length; index++) {
    const outcome = outcomeOf(place, records[index]!, results[index])
    if (outcome === undefined) {
      const found = `${shown(results[index])} as result ${index} of ${results.length}`
      return { kind: 'failed', problem: resultInvalid(place, found) }
    }
    outcomes.push(outcome)
  }
  return { kind: 'records', outcomes }
}

/** Undefined where it is no answer. */
function outcomeOf(place: Place, record: RowRecord<unknown>, result: unknown): RecordOutcome | undefined {
  if (result === 'ok') return DONE
  const fields = fieldsOf(result)
  if (isOnly(fields, 'retry', 'isThrottled')) return passing(fields)
  if (!isOnly(fields, 'reject', 'code')) return undefined
  const { reject, code } = fields
  if (code !== undefined && !(typeof code === 'string' && CODE.test(code))) return undefined
  record.rejectedAs = code
  const said = code === undefined ? saidOf(reject) : `${code}: ${saidOf(reject)}`
  return { kind: 'rejected', problem: rowRejected(place, said, locationOf(record)) }
}

function passing(fields: Fields): PassingFailure {
  return { kind: 'retry', said: saidOf(fields['retry']), isThrottled: fields['isThrottled'] === true }
}

/** Of an object that may be anything. */
type Fields = Readonly<Record<string, unknown>>

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {} // Any object has fields of any kind.
}

/** Whether it has the text `name`, and nothing else but `detail`; a detail that begins with `is` is true or false. */
function isOnly(fields: Fields, name: string, detail?: string): boolean {
  if (typeof fields[name] !== 'string') return false
  if (Object.keys(fields).some((key) => key !== name && key !== detail)) return false
  const given = detail?.startsWith('is') ? fields[detail] : undefined
  return given === undefined || typeof given === 'boolean'
}

function locationOf({ origin, row }: RowRecord<unknown>): string | undefined {
  return origin?.describe(row)
}

/** Never the values: they may be rows. */
function shown(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (typeof value !== 'object') return typeof value === 'string' ? 'a text' : `${typeof value}`
  const names = Object.keys(value)
  const kind = Object.getPrototypeOf(value)?.constructor?.name
  if (typeof kind === 'string' && kind !== 'Object') return `an object of class ${kind}`
  return names.length === 0 ? 'an empty object' : `an object with ${names.slice(0, 8).join(', ')}`
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
