import type { ObjectRef } from '../../core/checkpoint/manifest.js'
import type { Clock } from '../../core/environment.js'
import type { KeyedSnapshot } from '../../core/state/keyed-snapshot.js'

/** How long a stage writes its state before records get their turn, in milliseconds. */
export const SLICE_MS = 4
/** Objects of one stage on their way into storage. */
const UPLOADS = 4

export interface KeyedWritingOptions {
  readonly clock: Clock
  /** Makes an object durable; `part` counts those of the snapshot. */
  readonly upload: (object: Uint8Array, part: number) => Promise<ObjectRef>
  readonly onUploaded: () => void
  readonly onFailure: (error: unknown) => void
}

/** The keyed state of a stage on its way into storage: written in slices between batches, uploaded meanwhile. */
export class KeyedWriting {
  readonly snapshot: KeyedSnapshot
  private readonly options: KeyedWritingOptions
  private readonly objects: ObjectRef[] = []
  private readonly waiting: Uint8Array[] = []
  private parts = 0
  private uploading = 0
  private isWritten = false

  constructor(snapshot: KeyedSnapshot, options: KeyedWritingOptions) {
    this.snapshot = snapshot
    this.options = options
  }

  /** In the order in which they were written. Undefined until all are in storage. */
  get uploaded(): readonly ObjectRef[] | undefined {
    return this.isWritten && this.uploading === 0 && this.waiting.length === 0 ? this.objects : undefined
  }

  /** One slice. False: nothing could be done, uploads are awaited. */
  work(): boolean {
    if (this.isWritten || this.uploading >= UPLOADS) return false
    const { clock } = this.options
    const until = clock.monotonic() + SLICE_MS
    this.isWritten = this.snapshot.work(() => clock.monotonic() >= until)
    this.waiting.push(...this.snapshot.takeObjects())
    this.uploadNext()
    return true
  }

  /** Its checkpoint is no more. */
  abandon(): void {
    this.snapshot.end()
    this.waiting.length = 0
  }

  private uploadNext(): void {
    const { upload, onUploaded, onFailure } = this.options
    while (this.uploading < UPLOADS) {
      const object = this.waiting.shift()
      if (object === undefined) return
      const part = this.parts++
      this.uploading++
      upload(object, part).then((ref) => {
        this.objects[part] = ref
        this.uploading--
        this.uploadNext()
        onUploaded()
      }, onFailure)
    }
  }
}
