import { AwsError } from '../aws-error.js'
import type { Operation } from '../kinesis.js'
import { requiredInteger, requiredString } from '../request.js'
import { scaleUniformly } from '../store/uniform-scaling.js'
import { refuseOnDemand, resolveActiveStream } from './resolve-stream.js'

export const updateShardCount: Operation = (kinesis, request) => {
  const target = requiredInteger(request, 'TargetShardCount', { min: 1, max: 100_000 })
  requiredString(request, 'ScalingType', { oneOf: ['UNIFORM_SCALING'] })
  const stream = resolveActiveStream(kinesis, request)
  refuseOnDemand(stream, 'UpdateShardCount')
  const current = stream.openShards().length
  if (target > current * 2) throw beyond('up over double', current, target)
  if (target < current / 2) throw beyond('down below half', current, target)
  kinesis.streams.checkShardLimit(target - current)
  scaleUniformly(stream, target, kinesis.environment.clock.now())
  const { name, arn } = stream.settings
  return { StreamName: name, StreamARN: arn, CurrentShardCount: current, TargetShardCount: target }
}

function beyond(how: string, current: number, target: number): AwsError {
  return new AwsError(
    'InvalidArgumentException',
    `UpdateShardCount cannot scale ${how} your current open shard count. Current open shard count: ${current} ` +
      `Target shard count: ${target}`,
  )
}
