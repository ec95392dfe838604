import type { EngineContext } from '../../core/context.js'
import { sleep } from '../../core/environment.js'
import { failureKind } from '../../core/s3-failure.js'
import { timedCall } from '../batching/timed-call.js'
import { sinkClosed } from '../sink-closed.js'
import type { ClientLease } from './client.js'
import { requestFailed, type S3Operation } from './failure.js'
import type { ObjectEncryption, S3Numbers } from './options.js'

const FIRST_DELAY_MS = 100
const LONGEST_DELAY_MS = 5000
/** A line that carries less than this is as good as dead. */
const SLOWEST_BYTES_PER_MS = 1024

export interface Request {
  readonly operation: S3Operation
  readonly key: string
  /** Of the body. */
  readonly bytes?: number
}

export interface RequestsOptions {
  readonly lease: ClientLease
  readonly bucket: string
  readonly context: Pick<EngineContext, 'operatorId' | 'environment'>
  readonly numbers: S3Numbers
  readonly encryption: ObjectEncryption
}

/** Bounded, timed and repeated requests of one sink in one task. */
export class S3Requests {
  readonly #options: RequestsOptions
  readonly #closed = new AbortController()
  #running = 0
  readonly #waiting: (() => void)[] = []

  constructor(options: RequestsOptions) {
    this.#options = options
  }

  get sdk() {
    return this.#options.lease.sdk
  }

  get client() {
    return this.#options.lease.client
  }

  get bucket(): string {
    return this.#options.bucket
  }

  get encryption(): ObjectEncryption {
    return this.#options.encryption
  }

  get operatorId(): string {
    return this.#options.context.operatorId
  }

  /** Ends what is under way. Clean-up may follow. */
  interrupt(): void {
    this.#closed.abort(sinkClosed(this.operatorId))
  }

  release(): void {
    this.interrupt()
    this.#options.lease.release()
  }

  /**
   * Tries until an attempt succeeds, fails for good, or was one too late.
   * @param action gets how often it failed before: then an earlier attempt may have been applied
   * @throws TidemarkError as `requestFailed` says
   */
  run<R>(request: Request, action: (abortSignal: AbortSignal, failures: number) => Promise<R>): Promise<R> {
    return this.#run(request, action, { signal: this.#closed.signal, retryForMs: this.#options.numbers.retryForMs })
  }

  /** Of a clean-up: also after an interruption, and not for long. */
  runBriefly<R>(request: Request, action: (abortSignal: AbortSignal) => Promise<R>): Promise<R> {
    return this.#run(request, action, { signal: new AbortController().signal, retryForMs: BRIEFLY_MS })
  }

  async #run<R>(
    request: Request,
    action: (abortSignal: AbortSignal, failures: number) => Promise<R>,
    { signal, retryForMs }: { readonly signal: AbortSignal; readonly retryForMs: number },
  ): Promise<R> {
    const { context, bucket, lease, numbers } = this.#options
    const { environment, operatorId } = context
    const begun = environment.clock.monotonic()
    const callTimeoutMs = numbers.callTimeoutMs + Math.ceil((request.bytes ?? 0) / SLOWEST_BYTES_PER_MS)
    for (let failures = 0; ; failures++) {
      await this.#enter()
      try {
        return await timedCall({ environment, signal, callTimeoutMs }, ({ abortSignal }) =>
          action(abortSignal, failures),
        )
      } catch (thrown) {
        if (signal.aborted) throw signal.reason
        const triedForMs = environment.clock.monotonic() - begun
        if (failureKind(thrown) !== 'passing' || triedForMs >= retryForMs) {
          throw requestFailed(thrown, { ...request, operatorId, bucket, endpoint: lease.endpoint }, triedForMs)
        }
      } finally {
        this.#leave()
      }
      const ceiling = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(failures, 10))
      await sleep(environment, ceiling * (0.5 + environment.random.next() / 2), signal)
    }
  }

  async #enter(): Promise<void> {
    if (this.#running >= this.#options.numbers.parallel) await new Promise<void>((go) => this.#waiting.push(go))
    else this.#running++
  }

  #leave(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#running--
  }
}

const BRIEFLY_MS = 5000
