export type { OnRejected } from '../dead-letters/options.js'
export type { BackupDocument } from './backup.js'
export type {
  AwsAuthentication,
  AwsCredentials,
  BasicAuthentication,
  TlsOptions,
} from './connection.js'
export type { IndexRotation } from './index-name.js'
export type { DocumentOperation, DocumentVersions, IndexTemplate, OpenSearchOptions } from './options.js'
export { openSearch } from './sink.js'
