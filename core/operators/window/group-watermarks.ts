import type { OperatorContext } from '../operator.js'

/**
 * Event time as each key group has it: the operator's watermark, which starts at the minimum of what was restored, but
 * never less than what the group had at the checkpoint. Groups are counted from the first of the subtask.
 */
export class GroupWatermarks {
  /** The operator's own. */
  current: number
  /** Undefined once the watermark has passed them all. */
  private floors: Float64Array | undefined
  private highestFloor: number

  constructor(context: OperatorContext) {
    const { restoredWatermarks, keyGroups } = context
    this.current = restoredWatermarks.minimum
    this.highestFloor = this.current
    const floors = new Float64Array(keyGroups.end - keyGroups.first)
    for (let index = 0; index < floors.length; index++) {
      const floor = restoredWatermarks.floorOf(keyGroups.first + index)
      floors[index] = floor
      if (floor > this.highestFloor) this.highestFloor = floor
    }
    if (this.highestFloor > this.current) this.floors = floors
  }

  of(group: number): number {
    if (this.floors === undefined) return this.current
    const floor = this.floors[group] as number
    return Math.max(floor, this.current)
  }

  /** Whether a window of the group that ends so had fired before the checkpoint. */
  hadFired(group: number, maxTimestamp: number): boolean {
    return this.floors !== undefined && maxTimestamp <= (this.floors[group] as number)
  }

  /** Floors stay until `settle`: what the new watermark fires still needs them. */
  advance(watermark: number): void {
    this.current = watermark
  }

  settle(): void {
    if (this.current >= this.highestFloor) this.floors = undefined
  }
}
