import { evenHashRanges } from './hash-range.js'
import type { Shard } from './shard.js'
import type { Stream } from './stream.js'

/**
 * Makes the open shards `target` even ones, by splits and merges as Kinesis does it: some shards that open on the way are closed
 * again at once.
 */
export function scaleUniformly(stream: Stream, target: number, nowMs: number): void {
  const ranges = evenHashRanges(target)
  for (const { start } of ranges) {
    const shard = stream.openShards().find(({ hashRange }) => hashRange.start < start && start <= hashRange.end)
    if (shard === undefined) continue
    const { hashRange } = shard
    const halves = [
      { start: hashRange.start, end: start - 1n },
      { start, end: hashRange.end },
    ]
    stream.reshard([shard], halves, nowMs)
  }
  for (const { start, end } of ranges) {
    const within = stream
      .openShards()
      .filter(({ hashRange }) => start <= hashRange.start && hashRange.end <= end)
      .sort(byStart)
    let [merged] = within
    for (const next of within.slice(1)) {
      if (merged === undefined) break
      const whole = { start: merged.hashRange.start, end: next.hashRange.end }
      merged = stream.reshard([merged, next], [whole], nowMs)[0]
    }
  }
}

function byStart(a: Shard, b: Shard): number {
  return a.hashRange.start < b.hashRange.start ? -1 : 1
}
