import type { EngineContext, FunctionContext } from '../../core/context.js'
import type { Environment } from '../../core/environment.js'
import { OperatorMetrics } from '../../runtime/observe/metrics.js'

const ignore = (): void => undefined
const SILENT = { debug: ignore, info: ignore, warn: ignore, error: ignore }

/** What the engine gives a connector, of a step of one id. */
export function engineContext(
  environment: Environment,
  subtask: FunctionContext['subtask'] = { index: 0, parallelism: 1 },
): EngineContext {
  return {
    operatorId: 'conformance',
    environment,
    subtask,
    logger: SILENT,
    metrics: new OperatorMetrics(),
    parameters: {},
    signal: new AbortController().signal,
  }
}
