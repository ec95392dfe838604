import type { JobProgress } from 'tidemark/run'
import type { TaxiOptions } from './options.js'

const whole = (count: number): string => count.toLocaleString('en-US')

/** What went to OpenSearch and S3 in this run, and what did not get there. */
export function describeOutputs(
  progress: JobProgress,
  options: Pick<TaxiOptions, 'opensearch' | 'indexPrefix' | 's3'>,
): string[] {
  const { opensearch, indexPrefix, s3 } = options
  const of = (id: string) => progress.operators.find((operator) => operator.id === id)
  const rows = (id: string): string => whole(of(id)?.recordsIn ?? 0)
  const rejected = (...ids: readonly string[]): number =>
    ids
      .flatMap((id) => Object.entries(of(id)?.counters ?? {}))
      // One for each error code: rejectedRows{code="..."}.
      .reduce((sum, [name, count]) => sum + (name.startsWith('rejectedRows') ? count : 0), 0)
  const lines: string[] = []
  if (opensearch !== undefined) {
    const refused = rejected('pickup-count-documents', 'trip-duration-documents', 'busy-area-documents')
    lines.push(
      `${opensearch}: ${rows('pickup-count-documents')} documents to ${indexPrefix}pickup_count, ` +
        `${rows('trip-duration-documents')} to ${indexPrefix}trip_duration, ${rows('busy-area-documents')} to ${indexPrefix}busy_area, ` +
        `${whole(refused)} rejected`,
      'for OpenSearch Dashboards: Dashboards Management, Saved objects, Import examples/taxi/opensearch/dashboard.ndjson',
    )
  }
  if (s3 !== undefined) {
    lines.push(`${s3}/trips: ${rows('trip-archive')} trips by hour, ${whole(rejected('trip-archive'))} rejected`)
  }
  return lines
}
