import type { FileHandle } from 'node:fs/promises'
import type { MalformedPolicy, Polled, ReaderContext, SplitReader } from '../../core/connector.js'
import { RecordDecoding, type RecordPlace } from '../../core/decode/index.js'
import { TidemarkError } from '../../core/errors.js'
import { readContents } from './contents.js'
import { fileError } from './errors.js'
import type { FileSourceFormat, Frame, FrameDecoder } from './format.js'
import { RecordSplitter } from './record-splitter.js'
import type { FileSplit } from './split.js'

export interface FileReaderOptions<T> {
  readonly format: FileSourceFormat<T>
  readonly policy: MalformedPolicy
  readonly maxRecordBytes: number
  readonly bufferBytes: number
  readonly gzip: boolean
}

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf])

/** Reads one file, ahead of `poll` by at most `bufferBytes` and a chunk. */
export class FileReader<T> implements SplitReader<T> {
  readonly #file: FileHandle
  readonly #context: ReaderContext
  readonly #options: FileReaderOptions<T>
  readonly #decoding: RecordDecoding<T, Frame>
  #split: FileSplit
  #frames: Frame[] = []
  #head = 0
  #bufferedBytes = 0
  #resume: (() => void) | undefined
  #ended = false
  #closed = false
  #failure: TidemarkError | undefined
  #reading: Promise<void> = Promise.resolve()
  /** Set by the time a frame is there. */
  #decoder: FrameDecoder<T> | undefined

  constructor(file: FileHandle, split: FileSplit, settings: { context: ReaderContext; options: FileReaderOptions<T> }) {
    this.#file = file
    this.#split = split
    this.#context = settings.context
    this.#options = settings.options
    this.#decoding = new RecordDecoding<T, Frame>({
      // Frames are buffered only once the decoder is there.
      decoder: (frame, meta) => this.#decoder!.decode(frame, meta),
      policy: settings.options.policy,
      operatorId: settings.context.operatorId,
      now: () => settings.context.environment.clock.now(),
    })
  }

  start(): void {
    this.#reading = this.#readAll().catch((thrown: unknown) => {
      if (this.#closed) return
      const { operatorId } = this.#context
      this.#failure = fileError(thrown, { where: `source '${operatorId}'`, path: this.#split.path, operatorId })
      this.#context.wake()
    })
  }

  poll(maxRecords: number): Polled<T> | undefined {
    const split = this.#split.id
    const before = this.#split
    while (this.#decoding.size < maxRecords && this.#head < this.#frames.length) {
      const frame = this.#frames[this.#head]!
      if (!frame.blank) {
        const meta = metaOf(split, frame.start)
        if (frame.problem) this.#decoding.reject(frame.problem, meta, frame.bytes)
        else this.#decoding.decode(frame, meta, frame.bytes)
      }
      this.#head++
      this.#bufferedBytes -= frame.end - frame.start
      this.#split = { ...this.#split, offset: frame.end, records: this.#split.records + (frame.blank ? 0 : 1) }
    }
    if (this.#head === this.#frames.length) {
      this.#frames = []
      this.#head = 0
    }
    if (this.#bufferedBytes <= this.#options.bufferBytes / 2) this.#resume?.()
    const polled = this.#decoding.take()
    // What was read before the failure comes first.
    if (!polled && this.#failure) throw this.#failure
    // Only empty lines: there was nothing to give, yet the file may have finished.
    if (!polled && this.#split !== before) this.#context.wake()
    return polled
  }

  position(): FileSplit {
    return this.#split
  }

  get finished(): boolean {
    return this.#ended && this.#frames.length === 0 && !this.#failure
  }

  get caughtUp(): boolean {
    return this.finished
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#resume?.()
    await this.#reading
    await this.#file.close()
  }

  async #readAll(): Promise<void> {
    const { format, gzip, maxRecordBytes } = this.#options
    const { bytes } = this.#split
    const first = await this.#readFirst()
    if (this.#closed) return
    const headerEnd = format.header && first ? first.end : await this.#byteOrderMark()
    this.#decoder = this.#openFormat(format.header ? first : undefined)
    const offset = Math.max(this.#split.offset, headerEnd)
    const splitter = new RecordSplitter({ quoted: format.quoted, maxRecordBytes, offset })
    for await (const chunk of readContents(this.#file, { gzip, bytes, offset })) {
      if (this.#closed) return
      this.#buffer(splitter.push(chunk))
      while (this.#bufferedBytes >= this.#options.bufferBytes && !this.#closed) {
        await new Promise<void>((resolve) => {
          this.#resume = resolve
        })
        this.#resume = undefined
      }
      if (this.#closed) return
    }
    this.#buffer(splitter.end())
    this.#ended = true
    this.#context.wake()
  }

  #buffer(frames: readonly Frame[]): void {
    if (frames.length === 0) return
    this.#decoder?.prepare?.(frames)
    for (const frame of frames) {
      this.#frames.push(frame)
      this.#bufferedBytes += frame.end - frame.start
    }
    this.#context.wake()
  }

  /** The first record, where the format needs it. */
  async #readFirst(): Promise<Frame | undefined> {
    const { format, gzip, maxRecordBytes } = this.#options
    if (!format.header) return undefined
    const offset = await this.#byteOrderMark()
    const splitter = new RecordSplitter({ quoted: format.quoted, maxRecordBytes, offset })
    for await (const chunk of readContents(this.#file, { gzip, bytes: this.#split.bytes, offset })) {
      const [frame] = splitter.push(chunk)
      if (frame) return frame
    }
    return splitter.end()[0]
  }

  /** How many bytes a byte order mark takes at the start of the contents: 3 or 0. */
  async #byteOrderMark(): Promise<number> {
    const { gzip } = this.#options
    let start: Buffer = Buffer.alloc(0)
    for await (const chunk of readContents(this.#file, { gzip, bytes: this.#split.bytes, offset: 0 })) {
      start = Buffer.concat([start, chunk])
      if (start.length >= BYTE_ORDER_MARK.length) break
    }
    return start.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0
  }

  #openFormat(header: Frame | undefined): FrameDecoder<T> {
    try {
      return this.#options.format.open(header)
    } catch (thrown) {
      if (!(thrown instanceof TidemarkError)) throw thrown
      const { operatorId } = this.#context
      throw new TidemarkError({
        code: thrown.code,
        domain: thrown.domain,
        operatorId,
        location: this.#split.path,
        message: `source '${operatorId}', ${this.#split.path}: ${thrown.message}`,
        cause: thrown,
      })
    }
  }
}

function metaOf(split: string, offset: number): RecordPlace {
  return {
    split,
    position: offset,
    get offset() {
      return String(offset)
    },
    arrivedAt: undefined,
  }
}
