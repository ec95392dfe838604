import type { RandomSource } from './random-source.js'

const NUMBERS = [-1, 0, 1, 0.5, 1e308, 2 ** 53, 2 ** 31, 2 ** 32 + 1, 1e15, 32_769, 100_000, 16]
const TEXTS = [
  ...[
    '',
    'a',
    'NaN',
    '../../../etc/passwd',
    '..',
    '/etc/passwd',
    'state/../../x',
    'a//b',
    'state/./a',
    '\0',
    '%2e%2e/x',
  ],
  ...['state\\..\\x', '__proto__', 'constructor', 'savepoint.json', 'log/0000000001', 'x'.repeat(2000), '\u2028'],
  'tidemark-checkpoint',
]
const OTHERS: readonly unknown[] = [
  ...[null, true, [], {}, { __proto__: null, toString: 1, valueOf: 1 }, { first: 0, end: 1e9 }, { first: 16, end: 0 }],
  ...[[[]], [null]],
]

type Container = Record<string, unknown>

/** Changes a JSON document somewhere, a few times. */
export function mutateJson(document: unknown, random: RandomSource): unknown {
  const holder: Container = { document: structuredClone(document) }
  for (let count = 1 + random.below(3); count > 0; count--) changeOne(holder, random)
  return holder['document']
}

function changeOne(holder: Container, random: RandomSource): void {
  let parent = holder
  let key = 'document'
  for (;;) {
    const child = parent[key]
    if (typeof child !== 'object' || child === null) break
    const keys = Object.keys(child)
    // The deeper, the more there is of it: a stop on the way reaches the rest.
    if (keys.length === 0 || (parent !== holder && random.chance(0.15))) break
    // Both arrays and objects are reached by key.
    parent = child as Container
    const inner = keys.filter((name) => typeof parent[name] === 'object' && parent[name] !== null)
    key = random.pick(inner.length > 0 && random.chance(0.5) ? inner : keys)
  }
  const value = parent[key]
  switch (random.below(9)) {
    case 0:
      if (Array.isArray(parent)) parent.splice(Number(key), 1)
      else delete parent[key]
      break
    case 1:
      if (Array.isArray(parent)) {
        for (let copies = random.pick([1, 2, 500]); copies > 0; copies--) parent.push(value)
      }
      break
    case 2:
      if (Array.isArray(value)) value.reverse()
      break
    case 3: {
      const name = random.pick(['__proto__', 'constructor', 'version', 'id', 'range'])
      // An assignment would set the prototype; and an array that is no document's would have it.
      if (!Array.isArray(parent))
        Object.defineProperty(parent, name, { value, enumerable: true, configurable: true, writable: true })
      break
    }
    default:
      parent[key] = structuredClone(random.pick(hostile(value, random)))
  }
}

/** Replaces one of an object's own scalars. */
export function changeField(object: object, random: RandomSource): void {
  const fields = object as Container
  const scalars = Object.keys(fields).filter((key) => typeof fields[key] !== 'object')
  if (scalars.length === 0) return
  const key = random.pick(scalars)
  fields[key] = random.pick(hostile(fields[key], random))
}

/** Mostly of the type that is expected there: what is of another is refused at once. */
function hostile(value: unknown, random: RandomSource): readonly unknown[] {
  if (random.chance(0.3)) return random.pick([NUMBERS, TEXTS, OTHERS])
  return typeof value === 'number' ? NUMBERS : typeof value === 'string' ? TEXTS : OTHERS
}

/** The text of a sealed document: `{ body, crc32 }`. */
export function unsealed(bytes: Uint8Array): string {
  const { body } = JSON.parse(new TextDecoder().decode(bytes)) as { readonly body: string }
  return body
}
