import type { Batch, CommitPoint, Committer, CommitterContext, Sink, SinkWriter, WriterContext } from 'tidemark'
import { call } from './http.js'

export interface StagedTableOptions {
  /** Of the service of the table: `table-service.ts` says what it has to do. */
  readonly url: string
  /** Rows of one call. Default 500. */
  readonly partRows?: number
}

/** What a checkpoint has of the rows that a subtask staged for it. */
interface StagedBatch {
  readonly version: 1
  readonly id: string
  readonly parts: number
  readonly rows: number
  /** Which checkpoint it was staged for. */
  readonly point: CommitPoint
}

/**
 * Rows into a table, exactly once. They go to a staging area as they come, and into the table when their checkpoint has
 * completed: a batch at a time, and never a second time.
 * @example cells.to('cells', stagedTable({ url: 'https://tables.example/cells' }))
 */
export function stagedTable<T>(options: StagedTableOptions): Sink<T> {
  return {
    kind: 'staged-table',
    guarantee: 'exactly-once',
    describe: () => options.url,
    write: (context) => new StagingWriter<T>(context, options),
    committer: (context) => new TableCommitter(context, options),
  }
}

class StagingWriter<T> implements SinkWriter<T> {
  readonly #context: WriterContext
  readonly #url: string
  readonly #partRows: number
  readonly #abort = new AbortController()
  /** Of the batch that rows go to now. */
  #batch: string
  #parts = 0
  #rows = 0
  /** Taken, and not yet on their way. */
  #waiting: T[] = []
  #sending: Promise<void> | undefined
  #isRefused = false
  #failure: unknown

  constructor(context: WriterContext, { url, partRows = 500 }: StagedTableOptions) {
    this.#context = context
    this.#url = url
    this.#partRows = partRows
    this.#batch = this.#newBatch()
  }

  write(batch: Batch<T>, from: number): number {
    if (this.#failure !== undefined) throw this.#failure
    let row = from
    for (; row < batch.length && this.#waiting.length < this.#partRows; row++)
      this.#waiting.push(batch.values[row] as T)
    this.#isRefused = row < batch.length
    if (this.#waiting.length === this.#partRows) this.#send()
    return row
  }

  check(): void {
    if (this.#failure !== undefined) throw this.#failure
  }

  async prepareCommit(checkpointId: number): Promise<readonly unknown[]> {
    while (this.#sending !== undefined || this.#waiting.length > 0) {
      this.#send()
      await this.#sending
      if (this.#failure !== undefined) throw this.#failure
    }
    if (this.#rows === 0) return []
    const { lineage, generation } = this.#context
    const point = { lineage, generation, checkpointId }
    const staged: StagedBatch = { version: 1, id: this.#batch, parts: this.#parts, rows: this.#rows, point }
    // Rows that follow belong to the next checkpoint.
    this.#batch = this.#newBatch()
    this.#parts = 0
    this.#rows = 0
    return [staged]
  }

  /** What is staged stays: a checkpoint may have it. The next generation sweeps what none has. */
  async close(): Promise<void> {
    this.#abort.abort()
    await this.#sending
  }

  /** No other writer ever uses the name, not even one that is called the same and was only thought dead. */
  #newBatch(): string {
    const { operatorId, lineage, generation, subtask, environment } = this.#context
    return [lineage, generation, subtask.index, environment.nonce(), encodeURIComponent(operatorId)].join('.')
  }

  /** One call at a time: what is taken meanwhile is the next one. */
  #send(): void {
    if (this.#sending !== undefined || this.#waiting.length === 0 || this.#failure !== undefined) return
    const rows = this.#waiting
    this.#waiting = []
    const url = `${this.#url}/staged/${this.#batch}/${this.#parts++}`
    this.#rows += rows.length
    const options = { context: this.#context, signal: this.#abort.signal, method: 'PUT', body: JSON.stringify(rows) }
    this.#sending = call(url, options).then(
      () => this.#sent(),
      (thrown: unknown) => {
        this.#failure = thrown
        this.#sent()
      },
    )
  }

  #sent(): void {
    this.#sending = undefined
    if (this.#abort.signal.aborted) return
    if (this.#waiting.length >= this.#partRows) this.#send()
    if (!this.#isRefused && this.#failure === undefined) return
    this.#isRefused = false
    this.#context.wake()
  }
}

class TableCommitter implements Committer {
  readonly #context: CommitterContext
  readonly #url: string

  constructor(context: CommitterContext, { url }: StagedTableOptions) {
    this.#context = context
    this.#url = url
  }

  /** The service takes a batch that it has published before for done: that makes it idempotent. */
  async commit(committables: readonly unknown[]): Promise<void> {
    // Made by `prepareCommit` above and carried by the checkpoint.
    const batches = (committables as readonly StagedBatch[]).map(({ point, ...batch }) => ({
      ...batch,
      name: nameOf(point),
    }))
    await this.#call('/publish', {
      method: 'POST',
      body: JSON.stringify({ writer: this.#context.operatorId, batches }),
    })
  }

  async sweep(): Promise<void> {
    const { operatorId, lineage, generation } = this.#context
    for (const id of (await this.#call('/staged')) as readonly string[]) {
      const [ofLineage, ofGeneration, _subtask, _nonce, ...owner] = id.split('.')
      const isOwn = owner.join('.') === encodeURIComponent(operatorId) && ofLineage === lineage
      const isLeft = isOwn && Number(ofGeneration) < generation
      if (isLeft) await this.#call(`/staged/${id}`, { method: 'DELETE' })
    }
  }

  async committedAfter(point: CommitPoint): Promise<string | undefined> {
    const names = (await this.#call(
      `/published?writer=${encodeURIComponent(this.#context.operatorId)}`,
    )) as readonly string[]
    return names.find((name) => isAfter(name, point))
  }

  #call(path: string, options: { readonly method?: string; readonly body?: string } = {}): Promise<unknown> {
    const { signal } = this.#context
    return call(`${this.#url}${path}`, { context: this.#context, signal, ...options })
  }
}

function nameOf({ lineage, generation, checkpointId }: CommitPoint): string {
  return `${lineage}/${generation}/${checkpointId}`
}

/** A later generation may use the ids of an earlier one again. */
function isAfter(name: string, point: CommitPoint): boolean {
  const [lineage, ...numbers] = name.split('/')
  const [generation = 0, checkpointId = 0] = numbers.map(Number)
  if (lineage !== point.lineage) return false
  return generation === point.generation ? checkpointId > point.checkpointId : generation > point.generation
}
