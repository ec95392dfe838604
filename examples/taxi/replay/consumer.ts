import {
  DescribeStreamSummaryCommand,
  type KinesisClient,
  RegisterStreamConsumerCommand,
} from '@aws-sdk/client-kinesis'
import { isStreamInUse, kinesisError } from './failure.js'

/**
 * Registers a consumer for enhanced fan-out, so that it is there when a job wants it. Gives whether it is new.
 * @throws TidemarkError KINESIS_REFUSED, KINESIS_UNREACHABLE
 */
export async function registerConsumer(client: KinesisClient, stream: string, ConsumerName: string): Promise<boolean> {
  try {
    const { StreamDescriptionSummary } = await client.send(new DescribeStreamSummaryCommand({ StreamName: stream }))
    const StreamARN = StreamDescriptionSummary?.StreamARN
    await client.send(new RegisterStreamConsumerCommand({ StreamARN, ConsumerName }))
    return true
  } catch (thrown) {
    if (isStreamInUse(thrown)) return false
    throw kinesisError(`registering consumer '${ConsumerName}' of stream '${stream}'`, thrown)
  }
}
