import { AssertionError } from 'node:assert'
import { inspect, isDeepStrictEqual } from 'node:util'
import type { Emitted, HarnessInput } from './input.js'
import { ALL_MODES, type HarnessMode } from './modes.js'
import { type CaseResult, type HarnessOptions, runCase } from './run-case.js'

export interface HarnessCase<In, Out> {
  readonly input: readonly HarnessInput<In>[]
  /** Rows of the main output. */
  readonly expect: readonly Emitted<Out>[]
  /**
   * `withinWatermark` (default): what one watermark (or clock movement) and the records before it caused is a set.
   * `exact`: the order counts, except where the case runs on two subtasks.
   */
  readonly order?: 'withinWatermark' | 'exact'
  /** By name, as sets. What is not named must be empty. */
  readonly sideOutputs?: Readonly<Record<string, readonly Emitted<unknown>[]>>
  /** Their values in the end, over all instances. */
  readonly counters?: Readonly<Record<string, number>>
}

export interface OperatorHarness<In, Out> {
  /**
   * Runs the case in every mode.
   * @throws AssertionError that names the mode and the first difference.
   */
  verify(test: HarnessCase<In, Out>): Promise<void>
}

/**
 * Runs a case of an operator one record at a time, all at once, restored into a fresh instance after every element,
 * with an output that is full every second call, rescaled from one subtask to two and back, and failing now and then, to
 * be recovered from its newest checkpoint: the results must be the same. (Hazelcast Jet's TestSupport is the model.)
 *
 * @example
 * const harness = operatorHarness({ create: () => map((value: number) => value * 2) })
 * await harness.verify({ input: [record(1, 10)], expect: [emitted(2, 10)] })
 */
export function operatorHarness<In, Out>(
  options: HarnessOptions<In> & { readonly modes?: readonly HarnessMode[] },
): OperatorHarness<In, Out> {
  return {
    async verify(test) {
      for (const mode of options.modes ?? ALL_MODES) {
        const result = await runMode(options, mode, test.input)
        compareRows(mode, test, result)
        for (const name of options.sideOutputs ?? []) {
          const expected = test.sideOutputs?.[name] ?? []
          compare(mode, `side output '${name}'`, sorted(expected), sorted(result.sideOutputs[name] ?? []))
        }
        for (const [name, expected] of Object.entries(test.counters ?? {})) {
          compare(mode, `counter '${name}'`, [expected], [result.metrics.valueOf(name)])
        }
      }
    },
  }
}

async function runMode<In>(
  options: HarnessOptions<In>,
  mode: HarnessMode,
  input: readonly HarnessInput<In>[],
): Promise<CaseResult> {
  try {
    return await runCase(options, mode, input)
  } catch (error) {
    if (error instanceof AssertionError) throw new AssertionError({ message: `mode '${mode.name}': ${error.message}` })
    throw error
  }
}

function compareRows(mode: HarnessMode, test: HarnessCase<unknown, unknown>, result: CaseResult): void {
  const runsOnTwo = mode.afterEach === 'rescale' || mode.afterEach === 'recover'
  const isOrdered = test.order === 'exact' && !runsOnTwo
  let at = 0
  for (const [index, section] of result.sections.entries()) {
    const isLast = index === result.sections.length - 1
    const expected = test.expect.slice(at, isLast ? undefined : at + section.length)
    at += section.length
    const where = `output of section ${index + 1} (a section ends with a watermark, a clock movement or the end)`
    compare(mode, where, isOrdered ? expected : sorted(expected), isOrdered ? section : sorted(section))
  }
}

/** In one order for equal sets: rows are compared as they print. */
function sorted(rows: readonly Emitted<unknown>[]): readonly Emitted<unknown>[] {
  return rows
    .map((row) => ({ row, text: text(row) }))
    .sort((left, right) => (left.text < right.text ? -1 : left.text > right.text ? 1 : 0))
    .map(({ row }) => row)
}

function compare(mode: HarnessMode, where: string, expected: readonly unknown[], actual: readonly unknown[]): void {
  for (let index = 0; index < Math.max(expected.length, actual.length); index++) {
    if (index < expected.length && index < actual.length && isDeepStrictEqual(expected[index], actual[index])) continue
    throw new AssertionError({
      message:
        `mode '${mode.name}', ${where}: row ${index + 1} of ${actual.length} (expected ${expected.length})\n` +
        `  expected ${index < expected.length ? text(expected[index]) : 'nothing'}\n` +
        `  found    ${index < actual.length ? text(actual[index]) : 'nothing'}`,
      expected,
      actual,
    })
  }
}

function text(value: unknown): string {
  return inspect(value, { depth: 10, sorted: true, breakLength: Number.POSITIVE_INFINITY, maxArrayLength: 50 })
}
