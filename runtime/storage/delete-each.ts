import { messageOf, TidemarkError } from '../../core/errors.js'

/** Collects what went wrong with single objects, so that one of them does not keep the others. */
export class DeleteFailures {
  readonly #location: string
  #first: { readonly name: string; readonly error: unknown } | undefined
  #count = 0

  constructor(location: string) {
    this.#location = location
  }

  add(name: string, error: unknown): void {
    this.#first ??= { name, error }
    this.#count++
  }

  /** @throws TidemarkError with the code of the first failure */
  throwIfAny(tried: number): void {
    if (!this.#first) return
    const { name, error } = this.#first
    if (error instanceof TidemarkError && this.#count === 1) throw error
    throw new TidemarkError({
      code: error instanceof TidemarkError ? error.code : 'STORAGE_FAILED',
      domain: 'storage',
      retryable: error instanceof TidemarkError ? error.retryable : true,
      message:
        `${this.#count} of ${tried} objects in ${this.#location} could not be deleted; ` +
        `the first is ${name}: ${messageOf(error)}`,
      cause: error,
    })
  }
}

export async function deleteEach(
  location: string,
  names: readonly string[],
  options: { readonly remove: (name: string) => Promise<void>; readonly parallel: number },
): Promise<void> {
  const failures = new DeleteFailures(location)
  const left = names.values()
  const worker = async (): Promise<void> => {
    for (const name of left) {
      try {
        await options.remove(name)
      } catch (error) {
        failures.add(name, error)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(options.parallel, names.length) }, worker))
  failures.throwIfAny(names.length)
}
