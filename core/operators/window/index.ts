export { admittingWindows, RowInHand } from './admitting.js'
export { LATE_OUTPUT } from './dropped-records.js'
export type {
  AggregateContents,
  ProcessContents,
  SummaryContents,
  WindowFunctionContext,
  WindowOperatorSpec,
} from './spec.js'
export { windowOperator } from './window-operator.js'
