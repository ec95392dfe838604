import { EXCHANGES, type Exchange } from './exchanges.js'

export interface Answer {
  readonly name: string
  readonly status: number
  readonly body: unknown
}

/** What differs from server to server, or from run to run. */
const VARIES = new Set(['took', 'ingest_took', 'index_uuid', 'cluster_uuid', '_shards', '_seq_no', '_primary_term'])

export async function answersOf(url: string): Promise<readonly Answer[]> {
  const answers: Answer[] = []
  for (const exchange of EXCHANGES) answers.push(await ask(url, exchange))
  return answers
}

export async function ask(url: string, { name, method, path, body }: Exchange): Promise<Answer> {
  const isBulk = path.startsWith('/_bulk')
  const response = await fetch(`${url}${path}`, {
    method,
    ...(body !== undefined && {
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { 'content-type': isBulk ? 'application/x-ndjson' : 'application/json' },
    }),
  })
  const text = await response.text()
  return { name, status: response.status, body: comparable(text === '' ? null : JSON.parse(text)) }
}

function comparable(value: unknown): unknown {
  if (typeof value === 'string') {
    // Jackson's own words differ with its version.
    return value.replace(/\n at \[Source.*$/s, '').replace(/\/[\w-]{20,}\]/, '/UUID]')
  }
  if (Array.isArray(value)) return value.map(comparable)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !VARIES.has(name))
      .map(([name, one]) => [name, comparable(one)])
      .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
  )
}
