/*
 * MessagePack that asks for more than there is, or for what must not be: each is a value, or the beginning of one.
 */
const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'))

const text = (value: string): string => {
  const bytes = Buffer.from(value)
  return (0xa0 | bytes.length).toString(16) + bytes.toString('hex')
}

/** An object whose keys are these, as an array that begins with a shape; its values are nil. */
const shaped = (...keys: string[]): Uint8Array => {
  const payload = keys.map(text).join('')
  const length = (payload.length / 2).toString(16).padStart(2, '0')
  return hex(`${(0x91 + keys.length).toString(16)} c7 ${length} 01 ${payload} ${'c0'.repeat(keys.length)}`)
}

export const HOSTILE_BYTES: readonly Uint8Array[] = [
  // Counts and lengths of 4 G: array, map, binary, text, extension.
  ...['dd ffffffff', 'df ffffffff', 'c6 ffffffff', 'db ffffffff', 'c9 ffffffff 06', 'dd 7fffffff', 'df 10000000'],
  ...['dc ffff', 'de ffff', 'c5 ffff', 'da ffff', 'c8 ffff 06'],
  // A set, entries, shapes and references of 4 G; a shape that was never defined; one without keys.
  ...[
    'dd ffffffff d4 04 00',
    'dd ffffffff d4 03 00',
    '92 d4 02 ff c0',
    '92 d5 02 ffff c0',
    '91 c7 00 01',
    '92 d4 01 90',
  ],
  // Extensions of wrong lengths: bigint, typed arrays, date, UTF-16, undefined, none known.
  ...['d4 05 00', 'c7 00 05', 'd5 06 07ff', 'd4 06 ff', 'c7 00 06', 'd4 07 00', 'd4 08 61', 'd5 00 0000', 'd4 7f 00'],
  // A deletion where there is a value, and a byte that MessagePack never uses.
  ...['d4 09 00', '93 d4 09 00 01 02', 'c1'],
  // A date that is none, numbers that are no keys.
  ...[
    'd7 07 7ff8000000000000',
    'cb 7ff8000000000000',
    'cb 7ff0000000000000',
    'cb fff0000000000000',
    'cb 8000000000000000',
  ],
  // 64-bit numbers, 32-bit floats and fixed extensions, which Tidemark does not write.
  ...['cf ffffffffffffffff', 'ca 7f800000', 'd6 05 00000000', 'd8 05 00000000000000000000000000000000'],
  // Text that is no UTF-8, internal keys that are none.
  ...[
    'a2 c328',
    'a3 eda080',
    'a2 00 74',
    'a4 00 74 73 39',
    'a8 00 74 73 393939 3a 61',
    'a6 00 74 6e 31 3a 78',
    'a1 00',
  ],
]
  .map(hex)
  .concat([
    shaped('__proto__'),
    shaped('constructor', 'prototype'),
    shaped('__proto__', 'toString', 'valueOf'),
    shaped('then'),
    shaped('length', '0', '1'),
    hex(`93 d4 03 00 ${text('__proto__')} 81 01 02`),
    hex(`81 ${text('__proto__')} 91 01`),
  ])

/** Containers in each other. */
export function nested(token: number, depth: number): Uint8Array {
  return new Uint8Array(depth).fill(token)
}
