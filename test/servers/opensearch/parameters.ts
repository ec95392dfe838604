import type { OpenSearchOperationName } from './faults.js'
import { illegalArgument } from './server-error.js'

/** Of every request. */
const COMMON = ['filter_path', 'pretty', 'human', 'error_trace', 'format']
const INDICES = ['ignore_unavailable', 'allow_no_indices', 'expand_wildcards']
const TIMEOUTS = ['timeout', 'cluster_manager_timeout', 'master_timeout']

/** Those that a real one has and that change nothing here, and those that are heeded. */
const KNOWN: Readonly<Record<OpenSearchOperationName, readonly string[]>> = {
  info: [],
  bulk: ['pipeline', 'routing', 'refresh', 'timeout', 'wait_for_active_shards'],
  search: [...INDICES, 'preference', 'request_cache', 'timeout', 'track_total_hits', 'typed_keys'],
  count: [...INDICES, 'preference'],
  get: ['routing', 'preference', 'realtime', 'refresh'],
  refresh: INDICES,
  template: [...TIMEOUTS, 'create', 'cause', 'local', 'flat_settings'],
  createIndex: [...TIMEOUTS, 'wait_for_active_shards'],
  deleteIndex: [...TIMEOUTS, ...INDICES],
  indexExists: [...INDICES, 'local'],
  mapping: [...TIMEOUTS, ...INDICES, 'local'],
  pipeline: TIMEOUTS,
  clusterSettings: [...TIMEOUTS, 'include_defaults', 'local'],
}

/** @throws ServerError illegal_argument_exception, for a parameter that the operation does not have */
export function requireParameters(operation: OpenSearchOperationName, path: string, query: URLSearchParams): void {
  const unknown = [...new Set(query.keys())].filter(
    (name) => !COMMON.includes(name) && !KNOWN[operation].includes(name),
  )
  if (unknown.length === 0) return
  const names = unknown
    .sort()
    .map((name) => `[${name}]`)
    .join(', ')
  throw illegalArgument(`request [${path}] contains unrecognized parameter${unknown.length > 1 ? 's' : ''}: ${names}`)
}
