/** Digits that the widest decimal of Parquet's readers has. */
export const MOST_DIGITS = 38

const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d{1,3}))?$/
/** Significant digits that are looked at: more never fit. */
const LONGEST = 1000

/**
 * The value times 10 to the power of `scale`; undefined when it is no number, has digits behind that, or is too large.
 * A number counts as what it is written as: 0.1 is one tenth.
 */
export function unscaled(value: unknown, { precision, scale }: Digits): bigint | undefined {
  if (typeof value === 'bigint') return bounded(value * 10n ** BigInt(scale), precision)
  if (typeof value !== 'number' && typeof value !== 'string') return undefined
  const isNumber = typeof value === 'number'
  const text = String(value)
  const match = text.length <= LONGEST ? DECIMAL.exec(text) : null
  const [, sign, whole = '', fraction = '', exponent] = match ?? []
  const digits = whole + fraction
  // Text has no exponent: who writes one has an approximation.
  if (digits === '' || (exponent !== undefined && !isNumber)) return undefined
  const shift = Number(exponent ?? 0) - fraction.length + scale
  let magnitude: bigint
  if (shift >= 0) magnitude = BigInt(digits) * 10n ** BigInt(shift)
  else if (/[^0]/.test(digits.slice(shift))) return undefined
  else magnitude = BigInt(digits.slice(0, shift) || '0')
  return bounded(sign === '-' ? -magnitude : magnitude, precision)
}

export interface Digits {
  /** In all. */
  readonly precision: number
  /** Behind the point. */
  readonly scale: number
}

/** Bytes of two's complement that hold every value of so many digits. */
export function bytesOfDigits(precision: number): number {
  return Math.ceil((Math.log2(10) * precision + 1) / 8)
}

function bounded(value: bigint, precision: number): bigint | undefined {
  const bound = 10n ** BigInt(precision)
  return value < bound && value > -bound ? value : undefined
}
