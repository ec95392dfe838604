import { inspect } from 'node:util'
import { messageOf, TidemarkError } from '../../core/errors.js'

/** One promise of a connector's contract, as a test of its own. */
export interface ConformanceCheck {
  readonly name: string
  /** @throws TidemarkError CONFORMANCE_BROKEN, with the promise and what was found instead. */
  run(): Promise<void>
}

/** A sentence of the contract: where it stands (`SplitReader.position`), and its words. */
export interface ContractPromise {
  readonly of: string
  readonly says: string
}

/** Makes the error of a check from what was found. */
export type Broken = (found: string) => TidemarkError

/** A check as a suite has it. `C` is what it is run with. */
export interface CheckDefinition<C> {
  readonly name: string
  readonly promise: ContractPromise
  readonly run: (context: C, broken: Broken) => Promise<void>
}

/** What a suite opens for one check, and closes after it. */
export interface CheckScope<C> {
  readonly context: C
  close(): Promise<void>
}

export function checksOf<C>(
  definitions: readonly CheckDefinition<C>[],
  open: () => Promise<CheckScope<C>>,
): readonly ConformanceCheck[] {
  return definitions.map(({ name, promise, run }) => ({
    name,
    run: async () => {
      const scope = await open()
      const broken: Broken = (found) => brokenPromise(name, { promise, found })
      try {
        await run(scope.context, broken)
      } catch (thrown) {
        if (thrown instanceof TidemarkError && thrown.code === 'CONFORMANCE_BROKEN') throw thrown
        throw brokenPromise(name, { promise, found: `it threw: ${messageOf(thrown)}`, cause: thrown })
      } finally {
        await scope.close()
      }
    },
  }))
}

interface Found {
  readonly promise: ContractPromise
  readonly found: string
  readonly cause?: unknown
}

function brokenPromise(name: string, { promise, found, cause }: Found): TidemarkError {
  return new TidemarkError({
    code: 'CONFORMANCE_BROKEN',
    domain: 'connector',
    message:
      `${name}: ${promise.of} promises "${promise.says}", found: ${found}. ` +
      'docs/connectors/write-your-own.md has what goes wrong without it',
    ...(cause === undefined ? {} : { cause }),
  })
}

const LONGEST_SHOWN = 200

/** A value for a message. */
export function shown(value: unknown): string {
  const text = inspect(value, { depth: 3, breakLength: Number.POSITIVE_INFINITY, maxArrayLength: 20 })
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}...` : text
}
