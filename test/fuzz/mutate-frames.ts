import { encode } from '../../core/codec/index.js'
import { FrameWriter, framesOf, OBJECT_MAGIC, type RawFrame, readFrame } from '../../core/state/frames.js'
import { joined, mutateBytes } from './mutate-bytes.js'
import type { RandomSource } from './random-source.js'
import { randomValue } from './random-value.js'

const fail = (found: string): Error => new RangeError(found)

/** Changes an object of keyed state in ways that leave it an object of keyed state: what is behind the framing is reached. */
export function mutateFrames(object: Uint8Array, random: RandomSource, others: readonly Uint8Array[]): Uint8Array {
  const frames = [...framesOf(object, fail)]
  if (frames.length === 0) return object
  for (let count = 1 + random.below(3); count > 0; count--) {
    const at = random.below(frames.length)
    const frame = frames[at]
    if (frame === undefined) break
    frames.splice(at, random.chance(0.9) ? 1 : 0, ...changed(frame, random, others))
  }
  return joined(OBJECT_MAGIC, ...frames.map(framed))
}

function changed(frame: RawFrame, random: RandomSource, others: readonly Uint8Array[]): RawFrame[] {
  switch (random.below(7)) {
    case 0:
      return []
    case 1:
      return [frame, frame]
    case 2:
      return [{ ...frame, group: random.pick([0, 1, 15, 16, 127, 32_768, 2 ** 32 - 1]) }]
    case 3:
    case 4:
      return [{ ...frame, payload: mutateBytes(frame.payload, random, others) }]
    default:
      return [{ ...frame, payload: isWhole(frame) ? written(frame, random) : frame.payload }]
  }
}

/** It was not changed before. */
function isWhole(frame: RawFrame): boolean {
  try {
    const { entries } = readFrame(frame, fail)
    while (entries.hasMore) entries.valueOrAbsent()
    return true
  } catch {
    return false
  }
}

/** The head of the frame, sometimes with another field, and entries that are well encoded and mean nothing. */
function written(raw: RawFrame, random: RandomSource): Uint8Array {
  const { component, layout, version, base } = readFrame(raw, fail)
  const head = { group: raw.group, component, layout, version, base }
  if (random.chance(0.1)) head.base = random.pick([1, 2, 3, 2 ** 53])
  if (random.chance(0.1)) head.component = random.pick(['timers', 'windows', 'state:last', 'state:__proto__', ''])
  if (random.chance(0.1)) head.layout = random.pick(['value-by-key', 'map-by-key', 'by-key', '', 'x'.repeat(1000)])
  if (random.chance(0.1)) head.version = random.pick([0, 2, 2 ** 53])
  const writer = new FrameWriter(head)
  const { entries } = readFrame(raw, fail)
  const encoder = writer.begin()
  for (let count = random.below(5); count > 0; count--) {
    // The key of a real entry leads to where values are looked at.
    const stored = entries.hasMore ? entries.value() : undefined
    if (stored !== undefined) entries.valueOrAbsent()
    const key = stored !== undefined && random.chance(0.5) ? stored : randomValue(random)
    put(encoder, key)
    if (random.chance(0.15)) encoder.absent()
    else put(encoder, randomValue(random))
  }
  return writer.take().subarray(8)
}

/** A value that the encoder takes: a lone surrogate in a key is one of those. */
function put(encoder: { value(value: unknown): void }, value: unknown): void {
  encode(value)
  encoder.value(value)
}

function framed({ group, payload }: RawFrame): Uint8Array {
  const frame = new Uint8Array(8 + payload.length)
  const view = new DataView(frame.buffer)
  view.setUint32(0, payload.length)
  view.setUint32(4, group)
  frame.set(payload, 8)
  return frame
}
