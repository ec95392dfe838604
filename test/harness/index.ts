export { type Emitted, emitted, endOfInput, type HarnessInput, processingTime, record, watermark } from './input.js'
export {
  ALL_AT_ONCE,
  ALL_MODES,
  FULL_OUTPUT,
  type HarnessMode,
  ONE_BY_ONE,
  RECOVERED,
  RESCALED,
  RESTORED,
} from './modes.js'
export { type HarnessCase, type OperatorHarness, operatorHarness } from './operator-harness.js'
export type { HarnessOptions } from './run-case.js'
