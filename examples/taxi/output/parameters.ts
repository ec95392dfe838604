/** Of the job's parameters those that say where results go. */
export interface OutputParameters {
  readonly out: string
  readonly format: 'jsonl' | 'parquet'
  readonly opensearch?: string | undefined
  readonly indexPrefix: string
  readonly s3?: string | undefined
  readonly s3Endpoint?: string | undefined
}
