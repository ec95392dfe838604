import { createRequire } from 'node:module'

/** What is used of AWS's library: its own types want a version of the SDK that is gone. */
interface AwsAggregation {
  deaggregateSync(
    record: { readonly Data: Uint8Array; readonly PartitionKey: string; readonly SequenceNumber: string },
    computeChecksums: boolean,
    done: (error: Error | null | undefined, records: readonly AwsUserRecord[]) => void,
  ): void
}

interface AwsUserRecord {
  readonly PartitionKey: string
  /** Base64. */
  readonly Data: string
}

export const awsAggregation = createRequire(import.meta.url)('aws-kinesis-agg') as AwsAggregation
