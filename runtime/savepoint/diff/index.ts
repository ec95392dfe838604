/** What a job would do with a savepoint. */
export { type DiffOptions, diffSavepoint } from './diff-savepoint.js'
export type { OperatorDiff, SavepointDiff, StateDiff, Verdict } from './savepoint-diff.js'
