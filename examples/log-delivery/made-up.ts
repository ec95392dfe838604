import { gzipSync } from 'node:zlib'
import { seeded } from '../shared/seeded.js'
import type { Input } from './connectors.js'

const BEGIN = Date.UTC(2024, 0, 1, 6)
const SPAN_MS = 3 * 3_600_000
const SERVICES = ['checkout', 'search', 'images', 'accounts']
const PATHS = ['/', '/cart', '/search?q=lamp', '/items/17', '/items/23', '/login', '/health', '/health']
const STATUSES = [200, 200, 200, 200, 304, 404, 500]
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

export interface MadeUpLine {
  readonly service: string
  readonly at: number
  readonly text: string
}

/** Lines of three hours. Of 1000 three are no access log at all, and two have a size beyond every number. */
export function madeUpLines({ lines, seed }: { readonly lines: number; readonly seed: number }): readonly MadeUpLine[] {
  const random = seeded(seed)
  return Array.from({ length: lines }, (_, index) => {
    const at = BEGIN + Math.floor((index * SPAN_MS) / lines / 1000) * 1000
    const service = random.one(SERVICES)
    const kind = random.between(1, 1000)
    if (kind <= 3) return { service, at, text: `panic: out of cheese (${random.between(1, 99)})` }
    const host = `10.${random.between(0, 3)}.${random.between(0, 9)}.${random.between(1, 250)}`
    const request = `${random.one(['GET', 'GET', 'GET', 'POST'])} ${random.one(PATHS)} HTTP/1.1`
    const bytes = kind <= 5 ? '99999999999999999999' : String(random.between(0, 50_000))
    const text = `${host} - - [${apacheTime(at)}] "${request}" ${random.one(STATUSES)} ${bytes} "-" "made-up/1.0"`
    return { service, at, text }
  })
}

export interface StreamRecord {
  readonly data: Uint8Array
  readonly partitionKey: string
}

const LINES_A_RECORD = 40

/** The lines as records of a stream: envelopes of CloudWatch Logs in gzip, or plain lines. */
export function recordsOf(lines: readonly MadeUpLine[], input: Input): readonly StreamRecord[] {
  const records: StreamRecord[] = []
  for (const service of SERVICES) {
    const own = lines.filter((line) => line.service === service)
    for (let from = 0; from < own.length; from += LINES_A_RECORD) {
      const some = own.slice(from, from + LINES_A_RECORD)
      const partitionKey = `${service}-${from}`
      const data = input === 'cloudwatch' ? envelope(service, some, from) : Buffer.from(textOf(some))
      records.push({ data, partitionKey })
    }
  }
  return records.sort((a, b) => indexOf(a) - indexOf(b))
}

/** All services side by side, as they send. */
const indexOf = ({ partitionKey }: StreamRecord): number => Number(partitionKey.split('-')[1])

const textOf = (lines: readonly MadeUpLine[]): string => lines.map(({ text }) => `${text}\n`).join('')

function envelope(service: string, lines: readonly MadeUpLine[], first: number): Uint8Array {
  return gzipSync(
    JSON.stringify({
      messageType: 'DATA_MESSAGE',
      owner: '123456789012',
      logGroup: `/apps/${service}`,
      logStream: `${service}-1`,
      subscriptionFilters: ['all'],
      logEvents: lines.map(({ at, text }, index) => ({
        id: `${service}-${first + index}`,
        timestamp: at,
        message: text,
      })),
    }),
  )
}

function apacheTime(at: number): string {
  const [date = '', time = ''] = new Date(at).toISOString().split('T')
  const [year, month, day] = date.split('-')
  return `${day}/${MONTHS[Number(month) - 1]}/${year}:${time.slice(0, 8)} +0000`
}
