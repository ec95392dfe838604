/** Half open, epoch milliseconds: start <= timestamp < end. */
export interface TimeWindow {
  readonly start: number
  readonly end: number
}

/** The one window of a key that holds everything. */
export interface GlobalWindow {
  readonly global: true
}

export type Window = TimeWindow | GlobalWindow

export const GLOBAL_WINDOW: GlobalWindow = Object.freeze({ global: true })

/** What a window's results are stamped with, so that windows of the same size can follow each other. */
export function maxTimestampOf(window: Window): number {
  return 'global' in window ? Number.POSITIVE_INFINITY : window.end - 1
}
