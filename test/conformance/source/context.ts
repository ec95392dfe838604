import type { EnumeratorContext, Source, Split, SplitEnumerator } from '../../../core/connector.js'
import type { CheckScope } from '../check.js'
import { engineContext } from '../contexts.js'
import { Patience } from '../patience.js'
import { stored } from '../stored.js'
import { ReaderSession } from './session.js'
import type { SourceSetup, SourceWorld } from './setup.js'

/** What a check of sources works with. Whatever it opens is closed after it. */
export class SourceCheckContext<T> {
  readonly setup: SourceSetup<T>
  readonly world: SourceWorld<T>
  readonly patience: Patience
  readonly #sessions = new Set<ReaderSession<T>>()

  constructor(setup: SourceSetup<T>, world: SourceWorld<T>) {
    this.setup = setup
    this.world = world
    this.patience = new Patience(world.environment, setup.patience)
  }

  enumerator(source: Source<T> = this.world.source(), restored?: unknown): SplitEnumerator {
    const { environment } = this.patience
    const startedAt = restored === undefined ? environment.clock.now() : undefined
    const context: EnumeratorContext = { ...engineContext(environment), lineage: 'lineage1', restored, startedAt }
    return source.enumerate(context)
  }

  /** Of a fresh start. */
  async splits(source?: Source<T>): Promise<readonly Split[]> {
    const enumerator = this.enumerator(source)
    try {
      return await enumerator.discover(new Set())
    } finally {
      await enumerator.close?.('unfinished')
    }
  }

  /** A reader in a new process. */
  async open(split: Split, source: Source<T> = this.world.source()): Promise<ReaderSession<T>> {
    const session = await ReaderSession.open(source, stored(split), this.patience)
    this.#sessions.add(session)
    return session
  }

  async close(session: ReaderSession<T>): Promise<void> {
    this.#sessions.delete(session)
    await session.reader.close()
  }

  /** Everything from a split's position on. */
  async read(split: Split): Promise<ReaderSession<T>> {
    const session = await this.open(split)
    await session.toEnd()
    await this.close(session)
    return session
  }

  /** Never throws: what closing does is the matter of checks of its own. */
  async end(): Promise<void> {
    for (const { reader } of this.#sessions) await (async () => reader.close())().catch(() => undefined)
    await this.world.close?.()
  }
}

export async function openSource<T>(setup: SourceSetup<T>): Promise<CheckScope<SourceCheckContext<T>>> {
  const context = new SourceCheckContext(setup, await setup.start())
  return { context, close: () => context.end() }
}
