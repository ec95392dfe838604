import type { SlidingSpec } from './window-spec.js'

/**
 * Cuts time at the edges of sliding windows, so that each window is a run of whole slices: one slice a slide when the
 * slide divides the size, else two (Li et al., "No Pane, No Gain", SIGMOD Record 2005, as paired windows by Krishnamurthy
 * et al., SIGMOD 2006). Slices and windows are counted by ordinals: window `k` starts at `offset + k * slide`.
 *
 * With a slide larger than the size, every second slice is a gap that no window covers.
 */
export class Slicing {
  /** Slices of each window. */
  readonly slicesPerWindow: number
  readonly slicesPerSlide: 1 | 2
  readonly sizeMs: number
  readonly slideMs: number
  private readonly offsetMs: number
  private readonly cutMs: number

  constructor(spec: SlidingSpec) {
    this.sizeMs = spec.sizeMs
    this.slideMs = spec.slideMs
    this.offsetMs = spec.offsetMs
    this.cutMs = spec.sizeMs % spec.slideMs
    this.slicesPerSlide = this.cutMs === 0 ? 1 : 2
    const slides = Math.floor(spec.sizeMs / spec.slideMs)
    this.slicesPerWindow = this.cutMs === 0 ? slides : 2 * slides + 1
  }

  ordinalAt(timestamp: number): number {
    const shifted = timestamp - this.offsetMs
    const slide = Math.floor(shifted / this.slideMs)
    if (this.slicesPerSlide === 1) return slide
    return 2 * slide + (shifted - slide * this.slideMs < this.cutMs ? 0 : 1)
  }

  sliceStart(ordinal: number): number {
    if (this.slicesPerSlide === 1) return this.offsetMs + ordinal * this.slideMs
    const slide = Math.floor(ordinal / 2)
    return this.offsetMs + slide * this.slideMs + (ordinal - 2 * slide) * this.cutMs
  }

  windowStart(window: number): number {
    return this.offsetMs + window * this.slideMs
  }

  maxTimestamp(window: number): number {
    return this.windowStart(window) + this.sizeMs - 1
  }

  firstSlice(window: number): number {
    return window * this.slicesPerSlide
  }

  /** The first window that holds the slice or, when it is a gap, the next one. */
  firstWindow(ordinal: number): number {
    return Math.floor((ordinal - this.slicesPerWindow) / this.slicesPerSlide) + 1
  }

  /** The last window that holds the slice. Less than `firstWindow`: it is a gap. */
  lastWindow(ordinal: number): number {
    return Math.floor(ordinal / this.slicesPerSlide)
  }

  /** The last window whose maxTimestamp is at or before `watermark`. */
  lastWindowBy(watermark: number): number {
    return Math.floor((watermark + 1 - this.sizeMs - this.offsetMs) / this.slideMs)
  }
}
