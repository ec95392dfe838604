import { createServer } from 'node:http'
import { answers, type LocalService } from './local-service.js'

export interface PageServiceOptions {
  /** What each partition has, by its name. It may grow. */
  readonly partitions: ReadonlyMap<string, readonly unknown[]>
  /** Items of a page. Default 3. */
  readonly pageSize?: number
  /** Whether partitions end where they end now. Default true. */
  readonly isEnded?: () => boolean
}

/** The API that `httpPages` reads, of values in memory. A cursor is the number of the first item. */
export function startPageService(options: PageServiceOptions): Promise<LocalService> {
  const { partitions, pageSize = 3, isEnded = () => true } = options
  return answers(createServer(), ({ path, query }) => {
    const [, , name] = path.split('/')
    if (name === undefined || name === '') return { json: [...partitions.keys()] }
    const values = partitions.get(decodeURIComponent(name))
    if (values === undefined) return { status: 404 }
    const cursor = query.get('cursor') ?? ''
    const from = Number(cursor)
    // A page is always whole: what it has does not change. The last one, where nothing follows, may be shorter.
    const isWhole = from + pageSize <= values.length
    if (!isWhole && !isEnded()) return { json: { items: [], next: cursor } }
    const end = from + pageSize
    return {
      json: { items: values.slice(from, end), ...(end < values.length || !isEnded() ? { next: String(end) } : {}) },
    }
  })
}
