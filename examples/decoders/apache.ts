import { type Decoder, TidemarkError, text } from 'tidemark'

/** A line of Apache's access log, in the common or the combined format. */
export interface AccessLogLine {
  readonly host: string
  /** Undefined where nobody logged in. */
  readonly user: string | undefined
  /** Epoch milliseconds. */
  readonly at: number
  readonly request: string
  readonly status: number
  /** Of the answer without its headers. */
  readonly bytes: number
  readonly referer: string | undefined
  readonly userAgent: string | undefined
}

const QUOTED = '"((?:[^"\\\\]|\\\\.)*)"'
const LINE = new RegExp(`^(\\S+) \\S+ (\\S+) \\[([^\\]]+)\\] ${QUOTED} (\\d{3}) (\\d+|-)(?: ${QUOTED} ${QUOTED})?$`)
const TIME = /^(\d{2})\/(\w{3})\/(\d{4}):(\d{2}):(\d{2}):(\d{2}) ([+-])(\d{2})(\d{2})$/
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/**
 * One line a record. Several: `lines(apacheLine())`.
 * @throws TidemarkError RECORD_MALFORMED, which makes the line one: fail, dead letter or skip, as the source says
 */
export function apacheLine(): Decoder<AccessLogLine> {
  const textOf = text()
  return (bytes, record) => {
    const [, host = '', user, time = '', request = '', status, size, referer, userAgent] =
      LINE.exec(textOf(bytes, record)) ?? []
    const at = timeOf(time)
    if (at === undefined) {
      // What the line holds stays out of the message: messages go into logs.
      throw new TidemarkError({
        code: 'RECORD_MALFORMED',
        domain: 'user',
        message: `expected a line of an access log, found something else (${bytes.byteLength} bytes)`,
      })
    }
    return {
      host,
      user: given(user),
      at,
      request,
      status: Number(status),
      bytes: size === '-' ? 0 : Number(size),
      referer: given(referer),
      userAgent: given(userAgent),
    }
  }
}

function given(field: string | undefined): string | undefined {
  return field === '-' ? undefined : field
}

function timeOf(text: string): number | undefined {
  const [, day, month = '', year, hour, minute, second, sign, zoneHours, zoneMinutes] = TIME.exec(text) ?? []
  if (!MONTHS.includes(month)) return undefined
  const local = Date.UTC(Number(year), MONTHS.indexOf(month), Number(day), Number(hour), Number(minute), Number(second))
  const offset = (Number(zoneHours) * 60 + Number(zoneMinutes)) * 60_000
  return sign === '+' ? local - offset : local + offset
}
