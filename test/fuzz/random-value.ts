import type { RandomSource } from './random-source.js'

const NUMBERS = [0, -1, 1, 255, 65_536, 2 ** 31, 2 ** 53, -(2 ** 53), 0.5, 1e308, 8.64e15, 1e16, Number.NaN]
const INFINITIES = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0]
const TEXTS = [
  '',
  'a',
  '\0',
  '\0t',
  '\0ts1:a',
  '\0ts9999:a',
  '\0tn3:1e9',
  '__proto__',
  '../../etc/passwd',
  '\ud800',
  'list',
]

/** Plain data of any type: what the codec can carry and nobody expects. */
export function randomValue(random: RandomSource, depth = 0): unknown {
  const kind = random.below(depth > 3 ? 7 : 14)
  switch (kind) {
    case 0:
      return random.pick([null, undefined, true, false])
    case 1:
    case 2:
      return random.pick(NUMBERS)
    case 3:
      return random.pick(INFINITIES)
    case 4:
      return random.pick(TEXTS)
    case 5:
      return random.pick([0n, -1n, 2n ** 63n, -(2n ** 200n)])
    case 6:
      return random.pick([new Uint8Array(3), new Float64Array(2), new Date(Number.NaN), new Date(0)])
    case 7:
      return new Map(
        many(random, depth, () => [randomValue(random, depth + 1), randomValue(random, depth + 1)] as const),
      )
    case 8:
      return new Set(many(random, depth, () => randomValue(random, depth + 1)))
    case 9:
    case 10:
      return many(random, depth, () => randomValue(random, depth + 1))
    default:
      return Object.fromEntries(
        many(random, depth, () => [random.pick(FIELDS), randomValue(random, depth + 1)] as [string, unknown]),
      )
  }
}

/** Of what the engine stores, and of what all objects have: `Object.fromEntries` makes own properties of them all. */
const FIELDS = [
  ...['start', 'end', 'eventTimers', 'processingTimers', 'contents', 'trigger', 'name', 'mode', 'entries', 'known'],
  ...['__proto__', '__proto__', 'constructor', 'toString', 'valueOf', 'then', 'length', 'split', 'id', 'watermark'],
]

function many<T>(random: RandomSource, depth: number, make: () => T): T[] {
  return Array.from({ length: random.below(depth === 0 ? 6 : 4) }, make)
}
