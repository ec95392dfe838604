/** `tidemark/savepoint`: looks into savepoints, changes them, and makes new ones. */
export {
  type DiffOptions,
  diffSavepoint,
  type OperatorDiff,
  type SavepointDiff,
  type StateDiff,
  type Verdict,
} from './diff/index.js'
export type {
  KeyedEntry,
  KeyedStateEntry,
  MapEntry,
  SingleValueKind,
  StoredState,
  TimerEntry,
  ValueEntry,
  WindowEntry,
} from './entries.js'
export type { PlaceOptions } from './open-place.js'
export { readSavepoint, type SavepointReader, type SubtaskContents } from './read-savepoint.js'
export type { SavepointInfo, SavepointOperator } from './savepoint-info.js'
export { type SavepointTransform, type TransformedSavepoint, transformSavepoint } from './transform-savepoint.js'
export { type SavepointDescription, type SeededOperator, writeSavepoint } from './write-savepoint.js'
