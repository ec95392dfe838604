import type { Operator } from '../../../core/operators/operator.js'
import { HarnessEnvironment } from '../../harness/environment.js'
import { HarnessMetrics } from '../../harness/metrics.js'
import { type InstanceOptions, OperatorInstance } from '../../harness/operator-instance.js'
import { EMPTY_SNAPSHOT } from '../../harness/snapshot.js'

/** One subtask, open, of an operator whose snapshots or whose end a test looks at itself. */
export async function openAlone(
  operator: Operator,
  more: Partial<Omit<InstanceOptions, 'operator'>> = {},
): Promise<OperatorInstance> {
  const instance = new OperatorInstance({
    operator,
    index: 0,
    parallelism: 1,
    maxParallelism: 1,
    sideOutputs: [],
    environment: new HarnessEnvironment(0),
    metrics: new HarnessMetrics(),
    parameters: {},
    restored: EMPTY_SNAPSHOT,
    ports: [[], ...(more.sideOutputs ?? []).map(() => [])],
    capacity: 16,
    isClosedEverySecondCall: false,
    ...more,
  })
  await instance.open()
  return instance
}
