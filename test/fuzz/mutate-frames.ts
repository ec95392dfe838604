import { encode } from '../../core/codec/index.js'
import { framesOf, OBJECT_MAGIC, type RawFrame, readFrame } from '../../core/state/frames.js'
import { HOSTILE_BYTES } from './hostile-bytes.js'
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
  switch (random.below(9)) {
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

/** The head of the frame, sometimes with another field, and entries in their places that mean nothing. */
function written(raw: RawFrame, random: RandomSource): Uint8Array {
  const head = { ...readFrame(raw, fail) }
  if (random.chance(0.1)) head.base = random.pick([1, 2, 3, 2 ** 53])
  if (random.chance(0.1)) head.component = random.pick(['timers', 'windows', 'state:last', 'state:__proto__', ''])
  if (random.chance(0.1)) head.layout = random.pick(['value-by-key', 'map-by-key', 'by-key', '', 'x'.repeat(1000)])
  if (random.chance(0.1)) head.version = random.pick([0, 2, 2 ** 53])
  const parts = [head.component, head.layout, head.version, head.base].map(encode)
  const { entries } = readFrame(raw, fail)
  for (let count = random.below(5); count > 0; count--) {
    // The key of a real entry leads to where values are looked at.
    const key = entries.hasMore ? entries.value() : undefined
    if (entries.hasMore) entries.valueOrAbsent()
    parts.push(key !== undefined && random.chance(0.6) ? encode(key) : bytesOfValue(random))
    parts.push(random.chance(0.05) ? ABSENT_BYTES : bytesOfValue(random))
  }
  return joined(...parts)
}

const ABSENT_BYTES = Uint8Array.of(0xd4, 9, 0)

function bytesOfValue(random: RandomSource): Uint8Array {
  return random.chance(0.3) ? random.pick(HOSTILE_BYTES) : encode(randomValue(random))
}

function framed({ group, payload }: RawFrame): Uint8Array {
  const frame = new Uint8Array(8 + payload.length)
  const view = new DataView(frame.buffer)
  view.setUint32(0, payload.length)
  view.setUint32(4, group)
  frame.set(payload, 8)
  return frame
}
