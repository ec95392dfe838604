import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

// npm runs a bench without flags for Node.
setFlagsFromString('--expose-gc')
const gc: () => void = runInNewContext('gc')

/** Something that is timed. `run` does the whole work once; what it returns is kept from the last round. */
export interface Contender<R> {
  readonly name: string
  run(): R | Promise<R>
}

export interface Measured<R> {
  readonly name: string
  /** Of each round, in milliseconds. */
  readonly times: readonly number[]
  /** What the process used of the processor in each round, garbage collector and compiler included, milliseconds. */
  readonly cpuTimes: readonly number[]
  readonly result: R
}

export interface RoundOptions {
  readonly warmUps: number
  readonly rounds: number
}

/**
 * Runs the contenders in turn, round by round (A B C, A B C, ...), so that whatever else the machine does meanwhile
 * meets all of them alike. Garbage of one is collected before the next.
 */
export async function measure<R>(
  contenders: readonly Contender<R>[],
  { warmUps, rounds }: RoundOptions,
): Promise<readonly Measured<R>[]> {
  const times = contenders.map((): number[] => [])
  const cpuTimes = contenders.map((): number[] => [])
  const results: R[] = []
  for (let round = -warmUps; round < rounds; round++) {
    for (const [index, contender] of contenders.entries()) {
      collectGarbage()
      const cpuBefore = process.cpuUsage()
      const start = performance.now()
      results[index] = await contender.run()
      const elapsed = performance.now() - start
      const cpu = process.cpuUsage(cpuBefore)
      if (round < 0) continue
      times[index]?.push(elapsed)
      cpuTimes[index]?.push((cpu.user + cpu.system) / 1000)
    }
  }
  // Every contender has run at least once.
  return contenders.map(({ name }, index) => ({
    name,
    times: times[index] ?? [],
    cpuTimes: cpuTimes[index] ?? [],
    result: results[index] as R,
  }))
}

export function collectGarbage(): void {
  gc()
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

export interface Ratio {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** How many times as fast as `base` something was, each round against its own: a slow minute slows both. */
export function speedRatio(times: readonly number[], base: readonly number[]): Ratio {
  const ratios = times.map((time, round) => (base[round] ?? Number.NaN) / time)
  return { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) }
}
