export type { OpenSearchAccess } from './access.js'
export type {
  OpenSearchFault,
  OpenSearchFaultHook,
  OpenSearchFaultRule,
  OpenSearchFaults,
  OpenSearchOperationName,
  OpenSearchRequest,
} from './faults.js'
export { type LocalOpenSearch, type LocalOpenSearchOptions, startLocalOpenSearch } from './server.js'
