import { MIN_WATERMARK } from '../element.js'
import type { KeyGroupRange } from '../state/backend.js'
import type { OperatorManifest, WatermarkFloor } from './manifest.js'

/** Which stored subtasks hold key groups of a range, by index. Performs no I/O. */
export function subtasksOverlapping(operator: OperatorManifest, range: KeyGroupRange): readonly number[] {
  const indexes: number[] = []
  operator.subtasks.forEach((subtask, index) => {
    if (subtask.range.first < range.end && range.first < subtask.range.end) indexes.push(index)
  })
  return indexes
}

/** The stored watermark of each key group; MIN_WATERMARK for one that no subtask had. */
export function watermarkByGroup(operator: OperatorManifest, maxParallelism: number): Float64Array {
  const watermarks = new Float64Array(maxParallelism).fill(MIN_WATERMARK)
  for (const { range, watermark, floors } of operator.subtasks) {
    if (watermark !== null) watermarks.fill(watermark, range.first, range.end)
    for (const floor of floors) watermarks.fill(floor.watermark, floor.first, floor.end)
  }
  return watermarks
}

/** The groups of a range that are ahead of `watermark`, neighbours with the same floor together. */
export function floorsAbove(
  range: KeyGroupRange,
  watermark: number,
  floorOf: (group: number) => number,
): readonly WatermarkFloor[] {
  const floors: WatermarkFloor[] = []
  let first = range.first
  while (first < range.end) {
    const floor = floorOf(first)
    let end = first + 1
    while (end < range.end && floorOf(end) === floor) end++
    if (floor > watermark) floors.push({ first, end, watermark: floor })
    first = end
  }
  return floors
}
