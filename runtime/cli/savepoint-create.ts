import { resolve } from 'node:path'
import { type SavepointView, savepointView } from '../operations/contract.js'
import { callOperations } from './operations-client.js'
import { bytesText, durationText } from './table.js'

export interface SavepointCreateOptions {
  readonly to?: string
  readonly tokenFile?: string
  readonly json: boolean
}

/** What `tidemark savepoint create` prints. */
export async function savepointCreate(url: string | undefined, options: SavepointCreateOptions): Promise<string> {
  const { to, tokenFile, json } = options
  const savepoint = await callOperations(
    { url, tokenFile },
    {
      path: '/api/v1/savepoints',
      body: to === undefined ? {} : { to: absolute(to) },
      answer: savepointView,
    },
  )
  return json ? JSON.stringify(savepoint) : describeSavepoint(savepoint)
}

export function describeSavepoint({ location, id, bytes, durationMs }: SavepointView): string {
  return `savepoint ${id}: ${location}, ${bytesText(bytes)} in ${durationText(durationMs)}`
}

/** The job runs in another folder: a relative path means this one. */
export function absolute(location: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(location) ? location : resolve(location)
}
