/** What a call came to, as far as the pace of the next ones depends on it. All times are monotonic milliseconds. */
export interface CallResult<R> {
  readonly records: readonly R[]
  /** Those of them that go again. */
  readonly failed: readonly R[]
  /** Those of them that the service had no room for. */
  readonly throttled: readonly R[]
  /** Nothing is known of any of them: the service is down. */
  readonly isUnknown: boolean
  readonly sentAt: number
  readonly now: number
  /** When those that failed go again. */
  readonly retryAt: number
}

/** How much is asked of a service at once, learned from its answers. */
export interface Pace<R> {
  /** Calls that may be under way at once. */
  readonly calls: number
  /** No call before then. Asked only where there is something to send. */
  allowedAt(now: number): number
  onCall(records: readonly R[], now: number): void
  onResult(result: CallResult<R>): void
  /** For the metrics: what it allows now; undefined where that is without a limit. */
  readonly gauge: { readonly name: string; readonly read: () => number | undefined }
}
