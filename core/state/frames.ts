import { ABSENT, SequenceDecoder, SequenceEncoder } from '../codec/index.js'
import type { StoredLayout } from './component.js'

/*
 * An object of keyed state: MAGIC, then frames, each of one component and key group and so small that it is written or
 * read in a moment. docs/savepoint-format.md has it byte by byte.
 *
 *   frame    length of the payload, key group: unsigned 32 bits each, big endian; payload
 *   payload  a sequence of the state codec: component, layout, version, base; then keys and values in turn, ABSENT for
 *            the value of a key that was deleted
 *   base     the frame adds to the state as of this checkpoint; 0: it replaces whatever was there
 *
 * Frames of one component and group are applied in the order of their objects and in them. Deletions come first. A
 * checkpoint that writes anything of a group has a frame of it, an empty one if need be. A frame whose base was not applied
 * is passed over (an object that other groups need may hold such): only the newest of a group must not be one.
 */
export const OBJECT_MAGIC: Uint8Array = Uint8Array.of(0x54, 0x4d, 0x4b, 0x30) // TMK0

const HEADER_BYTES = 8
/** Below a millisecond of work. */
const FRAME_BYTES = 32 * 1024

export interface FrameHead extends StoredLayout {
  readonly group: number
  readonly component: string
  readonly base: number
}

/** Collects the frames of one component and key group. */
export class FrameWriter {
  private readonly head: FrameHead
  private readonly encoder = new SequenceEncoder()
  private isOpen = false

  constructor(head: FrameHead) {
    this.head = head
  }

  /** To write one entry with. */
  begin(): SequenceEncoder {
    const { encoder, head } = this
    if (!this.isOpen) {
      this.isOpen = true
      encoder.value(head.component)
      encoder.value(head.layout)
      encoder.value(head.version)
      encoder.value(head.base)
    }
    return encoder
  }

  get isFull(): boolean {
    return this.encoder.length >= FRAME_BYTES
  }

  get isEmpty(): boolean {
    return !this.isOpen
  }

  /** The frame; what is written next goes into another. */
  take(): Uint8Array {
    const payload = this.begin() && this.encoder.take()
    this.isOpen = false
    const frame = new Uint8Array(HEADER_BYTES + payload.length)
    const view = new DataView(frame.buffer)
    view.setUint32(0, payload.length)
    view.setUint32(4, this.head.group)
    frame.set(payload, HEADER_BYTES)
    return frame
  }
}

export interface Frame extends FrameHead {
  /** Keys and values in turn, from the first key on. */
  readonly entries: SequenceDecoder
}

/** What a frame's bytes are before they are decoded. */
export interface RawFrame {
  readonly group: number
  readonly payload: Uint8Array
}

export type CorruptFrame = (found: string) => Error

/** The frames of an object. `corrupt` makes the error for what is none. */
export function* framesOf(object: Uint8Array, corrupt: CorruptFrame): IterableIterator<RawFrame> {
  for (let at = 0; at < OBJECT_MAGIC.length; at++) {
    if (object[at] !== OBJECT_MAGIC[at])
      throw corrupt('no object of keyed state of version 0 (its first bytes are others)')
  }
  const view = new DataView(object.buffer, object.byteOffset, object.byteLength)
  let at = OBJECT_MAGIC.length
  while (at < object.length) {
    const left = object.length - at
    if (left < HEADER_BYTES) throw corrupt(`${left} bytes where a frame begins, offset ${at}`)
    const length = view.getUint32(at)
    if (length > left - HEADER_BYTES)
      throw corrupt(`a frame of ${length} bytes with ${left - HEADER_BYTES} left, offset ${at}`)
    const group = view.getUint32(at + 4)
    yield { group, payload: object.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length) }
    at += HEADER_BYTES + length
  }
}

export function readFrame(raw: RawFrame, corrupt: CorruptFrame): Frame {
  const entries = new SequenceDecoder(raw.payload)
  const component = entries.value()
  const layout = entries.value()
  const version = entries.value()
  const base = entries.value()
  if (typeof component !== 'string' || typeof layout !== 'string') throw corrupt('a frame without component and layout')
  if (!isCount(version) || !isCount(base)) throw corrupt(`a frame of '${component}' without version and base`)
  return { group: raw.group, component, layout, version, base, entries }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

export { ABSENT }
