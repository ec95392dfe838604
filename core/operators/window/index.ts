export type { AggregateContents, ProcessContents, WindowFunctionContext, WindowOperatorSpec } from './spec.js'
export { LATE_OUTPUT, windowOperator } from './window-operator.js'
