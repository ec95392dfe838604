/** The start of the aligned window, or slide, that holds `timestamp`: timestamp - floorMod(timestamp - offset, size). */
export function alignedStart(timestamp: number, sizeMs: number, offsetMs: number): number {
  const remainder = (timestamp - offsetMs) % sizeMs
  return timestamp - (remainder < 0 ? remainder + sizeMs : remainder)
}

/** The oldest of the sliding windows that hold `timestamp`; in a gap, the first one after it. */
export function oldestStart(timestamp: number, sizeMs: number, slideMs: number, offsetMs: number): number {
  return alignedStart(timestamp - sizeMs, slideMs, offsetMs) + slideMs
}
