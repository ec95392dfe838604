/** Every document of an index, as a search finds it, by id. */
export async function documentsOf(url: string, index: string): Promise<ReadonlyMap<string, object>> {
  await fetch(`${url}/${index}/_refresh`, { method: 'POST' })
  const found = new Map<string, object>()
  const size = 1000
  for (let from = 0; ; from += size) {
    const { hits } = (await search(url, index, { from, size, sort: [{ timestamp: 'asc' }] })).hits
    for (const { _id, _source } of hits) found.set(_id, _source)
    if (hits.length < size) return found
  }
}

export interface SearchAnswer {
  readonly hits: { readonly hits: readonly { readonly _id: string; readonly _source: object }[] }
  readonly aggregations?: unknown
}

export async function search(url: string, index: string, body: object): Promise<SearchAnswer> {
  const response = await fetch(`${url}/${index}/_search`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const answer: unknown = await response.json()
  if (!response.ok) throw new Error(`${index}/_search: ${JSON.stringify(answer)}`)
  // The server is trusted to answer as OpenSearch does.
  return answer as SearchAnswer
}
