import type { CheckDefinition } from '../check.js'
import type { SourceCheckContext } from './context.js'

type Check = CheckDefinition<SourceCheckContext<unknown>>

/** What is left of a reader when nobody needs it any more. */
export const CLOSING_CHECKS: readonly Check[] = [
  {
    name: 'a reader can be closed at any time, and twice',
    promise: { of: 'SplitReader.close', says: 'also while it fetches, and a second time' },
    run: async (context, broken) => {
      for (const split of await context.splits()) {
        for (const polls of [0, 1, 3]) {
          const session = await context.open(split)
          for (let poll = 0; poll < polls; poll++) await session.pollOne()
          for (const time of ['', ' a second time']) {
            const closing = (async () => session.reader.close())()
            if ((await context.patience.settled(closing)) === undefined) {
              throw broken(`split ${split.id} does not close${time} after ${polls} polls: the job never stops`)
            }
          }
        }
      }
    },
  },
  {
    name: 'nothing goes on after close',
    promise: { of: 'SplitReader.close', says: 'Nothing goes on afterwards: no call, no timer, no wake.' },
    run: async (context, broken) => {
      const { patience, setup, world } = context
      for (const split of await context.splits()) {
        for (const polls of [0, 2]) {
          const session = await context.open(split)
          for (let poll = 0; poll < polls; poll++) await session.pollOne()
          await context.close(session)
          const { pendingTimers } = patience
          if (pendingTimers > 0) throw broken(`${pendingTimers} timers of split ${split.id} after close`)
          const open = (await setup.leftOpen?.(world)) ?? 0
          if (open > 0) throw broken(`${open} things of split ${split.id} left open after close`)
          const { wakes } = session
          await patience.aWhile()
          if (session.wakes > wakes) throw broken(`split ${split.id} woke the engine after close`)
          if (patience.pendingTimers > 0) throw broken(`split ${split.id} set a timer after close`)
        }
      }
    },
  },
]

/** For a setup that says what the outside world has handed out. */
export const BOUNDED_CHECK: Check = {
  name: 'a reader that is not polled stops fetching',
  promise: { of: 'SplitReader', says: 'a reader that is not polled costs no more memory' },
  run: async (context, broken) => {
    const { patience, setup, world } = context
    const fetched = (): number => setup.fetched?.(world) ?? 0
    for (const split of await context.splits()) {
      const before = fetched()
      const session = await context.open(split)
      await patience.aWhile()
      const found = fetched() - before
      if (found > (setup.buffered ?? 0)) {
        throw broken(
          `${found} records of split ${split.id} were fetched for a reader that nobody polled, not ${setup.buffered}`,
        )
      }
      await context.close(session)
    }
  },
}

/** For a setup that can make the outside world fail. */
export const FAILING_CHECK: Check = {
  name: 'poll throws what broke the reader, and the reader wakes for it',
  promise: { of: 'SplitReader.poll', says: 'Throws what broke the reader.' },
  run: async (context, broken) => {
    const { patience, setup, world } = context
    const [split] = await context.splits()
    if (split === undefined) return
    await setup.fail?.(world)
    let session: Awaited<ReturnType<typeof context.open>>
    try {
      session = await context.open(split)
    } catch {
      // What cannot even be opened fails the job, too.
      return
    }
    let thrown: unknown
    const hasThrown = (): boolean => {
      try {
        session.drain()
      } catch (error) {
        thrown = error
      }
      return thrown !== undefined
    }
    if (!(await patience.until(hasThrown))) {
      throw broken(
        `split ${split.id} gave nothing and threw nothing while the outside world failed: the job stands still`,
      )
    }
    if (session.wakes === 0)
      throw broken(`split ${split.id} would have thrown, and did not wake: nobody would have asked`)
  },
}
