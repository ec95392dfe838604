/**
 * Counts by bucket index: `counts[i]` belongs to index `offset + i`. The last one is never 0, so the highest index in use
 * is `offset + counts.length - 1`.
 *
 * At most `limit` buckets are kept, the highest ones: what falls below is counted in the lowest bucket kept ("collapsing
 * lowest" in the DDSketch paper). The result depends on the values alone, not on their order or on merges.
 */
export interface Buckets {
  offset: number
  counts: number[]
}

export function addToBucket(buckets: Buckets, index: number, count: number, limit: number): void {
  const at = index - buckets.offset
  if (at >= 0 && at < buckets.counts.length) buckets.counts[at]! += count
  else addOutside(buckets, index, count, limit)
}

/** Adds all of `from`, which stays as it is. */
export function mergeBuckets(into: Buckets, from: Buckets, limit: number): void {
  // From the top, so that what has to collapse does so once.
  for (let i = from.counts.length - 1; i >= 0; i--) {
    const count = from.counts[i]!
    if (count > 0) addToBucket(into, from.offset + i, count, limit)
  }
}

export function countIn(buckets: Buckets): number {
  let total = 0
  for (const count of buckets.counts) total += count
  return total
}

function addOutside(buckets: Buckets, index: number, count: number, limit: number): void {
  if (buckets.counts.length === 0) {
    buckets.offset = index
    buckets.counts.push(count)
  } else if (index >= buckets.offset) {
    growUp(buckets, index, limit)
    buckets.counts[buckets.counts.length - 1]! += count
  } else {
    const lowest = buckets.offset + buckets.counts.length - limit
    const kept = Math.max(index, lowest)
    if (kept < buckets.offset) growDown(buckets, kept, lowest)
    buckets.counts[kept - buckets.offset]! += count
  }
}

function growUp(buckets: Buckets, index: number, limit: number): void {
  const { counts } = buckets
  const lowest = index - limit + 1
  if (lowest > buckets.offset) {
    let collapsed = 0
    for (const count of counts.splice(0, lowest - buckets.offset)) collapsed += count
    buckets.offset = lowest
    if (counts.length === 0) counts.push(0)
    counts[0]! += collapsed
  }
  while (buckets.offset + counts.length <= index) counts.push(0)
}

/** Makes room with some to spare, so that falling values do not copy the counts each time. */
function growDown(buckets: Buckets, index: number, lowest: number): void {
  const spare = Math.max(8, buckets.counts.length >>> 2)
  const offset = Math.max(lowest, index - spare)
  const grown: number[] = []
  for (let i = offset; i < buckets.offset; i++) grown.push(0)
  for (const count of buckets.counts) grown.push(count)
  buckets.offset = offset
  buckets.counts = grown
}
