/** Numbers in words: `3, 5 to 9`. */
function inWords(numbers: readonly number[]): string {
  const parts: string[] = []
  for (let index = 0; index < numbers.length; ) {
    const [first] = numbers.slice(index)
    let end = index + 1
    while (end < numbers.length && numbers[end] === (numbers[end - 1] as number) + 1) end++
    parts.push(end - index > 1 ? `${first} to ${numbers[end - 1]}` : `${first}`)
    index = end
  }
  const few = parts.slice(0, 5)
  return parts.length > few.length ? `${few.join(', ')} and others` : few.join(', ')
}

/** Which rows are missing, in words; undefined: none. */
export function missing(visible: readonly number[], expected: Range): string | undefined {
  const found = new Set(visible)
  const lacking = numbersOf(expected).filter((n) => !found.has(n))
  return lacking.length === 0 ? undefined : `rows ${inWords(lacking)} are not there`
}

/** What is not exactly once, in words; undefined: nothing. */
export function notExactly(visible: readonly number[], expected: Range): string | undefined {
  const lacking = missing(visible, expected)
  if (lacking !== undefined) return lacking
  const twice = visible.filter((n, index) => n === visible[index - 1])
  if (twice.length > 0) return `rows ${inWords([...new Set(twice)])} are there more than once`
  const foreign = visible.filter((n) => n < expected.from || n >= expected.end)
  return foreign.length === 0 ? undefined : `rows ${inWords(foreign)} are there and should not be`
}

export function rowsInWords(visible: readonly number[]): string {
  return `rows ${inWords([...new Set(visible)])}`
}

/** `end` is not part of it. */
export interface Range {
  readonly from: number
  readonly end: number
}

function numbersOf({ from, end }: Range): readonly number[] {
  return Array.from({ length: end - from }, (_, index) => from + index)
}
