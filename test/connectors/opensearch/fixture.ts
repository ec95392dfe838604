import { onTestFinished } from 'vitest'
import { type OpenSearchOptions, openSearch } from '../../../connectors/opensearch/index.js'
import type { DeadLetter, Sink } from '../../../core/connector.js'
import {
  type LocalOpenSearch,
  type LocalOpenSearchOptions,
  startLocalOpenSearch,
} from '../../servers/opensearch/index.js'

export { hurriedEnvironment, openWriter } from '../batching/open-writer.js'

/** What most tests write. */
export interface Row {
  readonly id: string
  readonly n: number
}

export async function startServer(options: LocalOpenSearchOptions = {}): Promise<LocalOpenSearch> {
  const server = await startLocalOpenSearch(options)
  onTestFinished(() => server.close())
  return server
}

let indices = 0

/** A name that no test before had, on a server that is kept too. */
export function freshIndex(): string {
  return `tm-test-${Date.now()}-${indices++}`
}

/** The real one that `npm run test:opensearch` names, else the local one. */
export async function startAnyServer(): Promise<Pick<LocalOpenSearch, 'url' | 'close'>> {
  const url = process.env['TIDEMARK_OPENSEARCH']
  return url === undefined ? startLocalOpenSearch() : { url, close: async () => undefined }
}

export function rowSink(url: string, options: Partial<OpenSearchOptions<Row>> = {}): Sink<Row> {
  return openSearch<Row>({
    node: url,
    index: 'rows',
    id: (row) => row.id,
    maxDelayMs: 5,
    // However slow the machine is, and hurried the clock: only what a test makes fail fails.
    callTimeoutMs: 600_000,
    retryForMs: 6_000_000,
    ...options,
  } as OpenSearchOptions<Row>) // A spread of partial options loses which of the alternatives it is.
}

export function rowsOf(count: number, ids = count): Row[] {
  return Array.from({ length: count }, (_, n) => ({ id: `id-${n % ids}`, n }))
}

interface Hits {
  readonly hits: {
    readonly hits: readonly { readonly _id: string; readonly _source: Row; readonly _version: number }[]
  }
}

/** Every document of an index, by id, as a search finds it. */
export async function documentsIn<D = Row>(url: string, index: string): Promise<Map<string, D>> {
  await fetch(`${url}/${index}/_refresh`, { method: 'POST' })
  const found = new Map<string, D>()
  const size = 1000
  for (let from = 0; ; from += size) {
    const response = await fetch(`${url}/${index}/_search`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ from, size, sort: [{ n: 'asc' }] }),
    })
    // The server is trusted to answer as OpenSearch does, and the index to have what was written.
    const { hits } = ((await response.json()) as Hits).hits
    for (const { _id, _source } of hits) found.set(_id, _source as D)
    if (hits.length < size) return found
  }
}

interface Stored {
  readonly _version?: number
  readonly _routing?: string
  readonly _source?: unknown
}

/** One document, as it is found by its id, with what is stored beside it. */
export async function stored(url: string, index: string, id: string, routing?: string): Promise<Stored> {
  const response = await fetch(`${url}/${index}/_doc/${id}${routing === undefined ? '' : `?routing=${routing}`}`)
  return (await response.json()) as Stored
}

/** For what a test finds there. */
export async function put(url: string, path: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${url}${path}`, { method: 'PUT', headers, body: JSON.stringify(body) })
  if (!response.ok) throw new Error(`PUT ${path}: ${response.status} ${await response.text()}`)
}

/** Dead letters as they come. */
export function lettersInto(letters: DeadLetter[]): Sink<DeadLetter> {
  return {
    kind: 'letters',
    guarantee: 'at-least-once',
    write: () => ({
      write(batch) {
        letters.push(...batch.values)
        return batch.length
      },
      prepareCommit: () => [],
      close: () => undefined,
    }),
  }
}
