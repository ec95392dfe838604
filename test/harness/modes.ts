/** One way to run a case. Whatever the way, the results are the same. */
export interface HarnessMode {
  readonly name: string
  /** Records that follow each other go in as one batch. */
  readonly isBatched: boolean
  readonly capacity: number
  readonly isClosedEverySecondCall: boolean
  /**
   * After every record and every watermark. `recover`: mostly a checkpoint, incremental and perhaps still being written
   * while the next element is worked on; now and then a failure.
   */
  readonly afterEach: 'nothing' | 'restore' | 'rescale' | 'recover'
}

const PLAIN = {
  isBatched: false,
  capacity: Number.POSITIVE_INFINITY,
  isClosedEverySecondCall: false,
  afterEach: 'nothing',
} as const

export const ONE_BY_ONE: HarnessMode = { ...PLAIN, name: 'one record at a time' }
export const ALL_AT_ONCE: HarnessMode = { ...PLAIN, name: 'all at once', isBatched: true }
export const RESTORED: HarnessMode = { ...PLAIN, name: 'restored after every element', afterEach: 'restore' }
export const FULL_OUTPUT: HarnessMode = {
  ...PLAIN,
  name: 'output full every second call',
  isBatched: true,
  capacity: 1,
  isClosedEverySecondCall: true,
}
export const RESCALED: HarnessMode = { ...PLAIN, name: 'rescaled 1 to 2 and back', afterEach: 'rescale' }
export const RECOVERED: HarnessMode = {
  ...PLAIN,
  name: 'failed and recovered from increments, 1 to 2 subtasks and back',
  afterEach: 'recover',
}

export const ALL_MODES: readonly HarnessMode[] = [ONE_BY_ONE, ALL_AT_ONCE, RESTORED, FULL_OUTPUT, RESCALED, RECOVERED]
