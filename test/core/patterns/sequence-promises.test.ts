import { expect, test } from 'vitest'
import { millis } from '../../../core/index.js'
import { type Pattern, type PatternStart, sequence } from '../../../core/patterns/index.js'
import { endOfInput } from '../../harness/index.js'
import { type Item, item, patternHarness } from './under-test.js'

/** As a JavaScript caller may write it: the types refuse it. */
const later = (async () => false) as unknown as () => boolean

// A promise is truthy: each record would fit, whatever the promise comes to.
test.each<[string, (start: PatternStart<Item>) => Pattern<Item, unknown>]>([
  ["'a'", (p) => p.begin('a', later).followedBy('b', () => true)],
  ["'b'", (p) => p.begin('a', () => true).followedBy('b', later)],
  ["'b'", (p) => p.begin('a', () => true).next('b', later)],
  ['notFollowedBy', (p) => p.begin('a', () => true).notFollowedBy(later)],
])('a test of a sequence that has to be waited for is refused (%s)', async (name, pattern) => {
  const harness = patternHarness((keyed) => keyed.pipe(sequence('under-test', { pattern, within: millis(10) })), [])
  const run = harness.verify({ input: [item('k', 1, 1), item('k', 2, 2), endOfInput()], expect: [] })
  await expect(run).rejects.toMatchObject({
    code: 'USER_FUNCTION_RETURNED_PROMISE',
    message: expect.stringContaining(`the test of ${name}`),
  })
})
