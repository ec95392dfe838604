import { createServer } from 'node:http'
import { answers, type LocalService, type ServiceAnswer, type ServiceRequest } from './local-service.js'

/** A batch as the committer names it. */
interface Publication {
  readonly id: string
  readonly parts: number
  readonly rows: number
  readonly name: string
}

export interface TableService extends LocalService {
  /** What a reader of the table sees. */
  rows(): readonly unknown[]
  /** How many batches are staged. */
  staged(): number
}

/**
 * A table with a staging area, in memory. What it promises is all that `stagedTable` needs:
 * - a part that is put again takes the place of the one before;
 * - a publication is all or nothing, and one that was made before changes nothing;
 * - a batch that lacks parts is refused.
 */
export async function startTableService(): Promise<TableService> {
  const staged = new Map<string, Map<number, readonly unknown[]>>()
  const published = new Map<
    string,
    { readonly writer: string; readonly name: string; readonly rows: readonly unknown[] }
  >()

  const publish = (writer: string, batches: readonly Publication[]): ServiceAnswer => {
    const found = batches
      .filter(({ id }) => !published.has(id))
      .map((batch) => ({ ...batch, found: [...(staged.get(batch.id)?.values() ?? [])] }))
    const broken = found.find(({ parts, rows, found }) => found.length !== parts || found.flat().length !== rows)
    if (broken) return { status: 409, json: `batch ${broken.id} is not whole` }
    for (const { id, name, found: parts } of found) {
      published.set(id, { writer, name, rows: parts.flat() })
      staged.delete(id)
    }
    return {}
  }

  const answer = ({ method, path, query, body }: ServiceRequest): ServiceAnswer => {
    const [, what, id = '', part] = path.split('/')
    if (method === 'PUT' && what === 'staged') {
      // A part that comes late, of a batch that is in the table already, changes nothing.
      if (published.has(id)) return {}
      const parts = staged.get(id) ?? new Map<number, readonly unknown[]>()
      staged.set(id, parts.set(Number(part), JSON.parse(body)))
      return {}
    }
    if (method === 'DELETE' && what === 'staged') {
      staged.delete(id)
      return {}
    }
    if (method === 'GET' && what === 'staged') return { json: [...staged.keys()] }
    if (method === 'POST' && what === 'publish') {
      const { writer, batches } = JSON.parse(body) as { writer: string; batches: Publication[] }
      return publish(writer, batches)
    }
    if (method === 'GET' && what === 'published') {
      const own = [...published.values()].filter(({ writer }) => writer === query.get('writer'))
      return { json: [...new Set(own.map(({ name }) => name))] }
    }
    return { status: 404 }
  }

  const service = await answers(createServer(), answer)
  return Object.assign(service, {
    rows: () => [...published.values()].flatMap(({ rows }) => rows),
    staged: () => staged.size,
  })
}
