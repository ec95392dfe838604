/**
 * Which inputs wait for a barrier, and when it is complete. Pure: no channel, no clock.
 *
 * 1. After a barrier an input waits until all inputs have delivered theirs.
 * 2. A newer barrier abandons an older alignment and opens its inputs again.
 * 3. Ids that were completed, abandoned or cancelled never start again: a late barrier is dropped.
 */
export class BarrierAlignment {
  private readonly inputs: number
  private readonly waiting: boolean[]
  private arrived = 0
  private current: number | undefined
  private highestDone = 0

  constructor(inputs: number) {
    this.inputs = inputs
    this.waiting = new Array<boolean>(inputs).fill(false)
  }

  /** The checkpoint whose barriers are being collected. */
  get aligning(): number | undefined {
    return this.current
  }

  isBlocked(input: number): boolean {
    return this.waiting[input] === true
  }

  /** Returns `complete` when this was the last barrier of its checkpoint, `dropped` for one that counts no more. */
  onBarrier(input: number, checkpointId: number): 'waiting' | 'complete' | 'dropped' {
    if (checkpointId <= this.highestDone || (this.current !== undefined && checkpointId < this.current))
      return 'dropped'
    if (this.current !== undefined && checkpointId > this.current) this.release(this.current)
    this.current = checkpointId
    this.waiting[input] = true
    this.arrived++
    if (this.arrived < this.inputs) return 'waiting'
    this.release(checkpointId)
    return 'complete'
  }

  /** Forgets a checkpoint that was cancelled; its inputs open and its late barriers are dropped. */
  cancel(checkpointId: number): void {
    if (this.current !== undefined && this.current <= checkpointId) this.release(this.current)
    this.highestDone = Math.max(this.highestDone, checkpointId)
  }

  private release(checkpointId: number): void {
    this.highestDone = Math.max(this.highestDone, checkpointId)
    this.current = undefined
    this.arrived = 0
    this.waiting.fill(false)
  }
}
