import { decode, encode } from '../../core/codec/index.js'
import type { RandomSource } from './random-source.js'
import { randomValue } from './random-value.js'

/**
 * Changes what an object of operator state or of an enumerator holds, and encodes it again: what is behind the codec is
 * reached. Entries of operator state are encoded by themselves.
 */
export function mutateState(object: Uint8Array, random: RandomSource): Uint8Array {
  const holder = { value: opened(decode(object)) }
  for (let count = 1 + random.below(3); count > 0; count--) changeOne(holder, random)
  return encode(closed(holder.value))
}

type Container = Record<string, unknown>

const isContainer = (value: unknown): value is Container =>
  typeof value === 'object' &&
  value !== null &&
  (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype)

function changeOne(holder: Container, random: RandomSource): void {
  let parent = holder
  let key = 'value'
  for (;;) {
    const child = parent[key]
    if (!isContainer(child)) break
    const keys = Object.keys(child)
    if (keys.length === 0 || (parent !== holder && random.chance(0.2))) break
    parent = child
    key = random.pick(keys)
  }
  if (random.chance(0.15) && parent !== holder) delete parent[key]
  else parent[key] = randomValue(random)
}

function opened(value: unknown): unknown {
  if (!isContainer(value) || !Array.isArray(value['operatorState'])) return value
  const operatorState = value['operatorState'].map((state: Container) => ({
    ...state,
    entries: decode(state['entries'] as Uint8Array),
  }))
  return { ...value, operatorState }
}

function closed(value: unknown): unknown {
  if (!isContainer(value) || !Array.isArray(value['operatorState'])) return value
  const operatorState = value['operatorState'].map((state: unknown) =>
    isContainer(state) && Object.hasOwn(state, 'entries') ? { ...state, entries: encode(state['entries']) } : state,
  )
  return { ...value, operatorState }
}
