import type { Split } from '../../../core/connector.js'
import type { Broken, CheckDefinition } from '../check.js'
import { shown } from '../check.js'
import { commonStart, difference } from './compare.js'
import type { SourceCheckContext } from './context.js'

type Check = CheckDefinition<SourceCheckContext<unknown>>

/** How many records `poll` is asked for in turn. */
const ASKED = [1, 2, 3, 7]

/** What is read, and what `poll` says of it. */
export const READING_CHECKS: readonly Check[] = [
  {
    name: 'every record is read once, in the order of its split',
    promise: { of: 'Split', says: 'A part of a source that is read in order by one reader' },
    run: async (context, broken) => {
      const splits = await context.splits()
      const unread = [...context.world.splits]
      if (splits.length !== unread.length) {
        throw broken(
          `${splits.length} splits (${splits.map(({ id }) => id).join(', ')}), the world has ${unread.length}`,
        )
      }
      for (const split of splits) {
        const { values } = await context.read(split)
        // The one that begins alike is meant.
        unread.sort((one, other) => commonStart(values, other) - commonStart(values, one))
        const problem = difference(values, unread.shift() ?? [])
        if (problem !== undefined) throw broken(`of split ${split.id} ${problem}`)
      }
    },
  },
  {
    name: 'readers of several splits do not disturb each other',
    promise: { of: 'Source.read', says: 'those of other splits run beside it' },
    run: async (context, broken) => {
      const splits = await context.splits()
      const alone = []
      for (const split of splits) alone.push((await context.read(split)).values)
      const source = context.world.source()
      const sessions = await Promise.all(splits.map((split) => context.open(split, source)))
      let isOver = false
      while (!isOver) {
        const polled = await Promise.all(sessions.map((session) => session.pollOne()))
        isOver = !polled.includes(true)
      }
      for (const [index, { values }] of sessions.entries()) {
        const problem = difference(values, alone[index] ?? [])
        if (problem !== undefined) throw broken(`of split ${splits[index]?.id}, with others beside it, ${problem}`)
      }
    },
  },
  {
    name: 'poll takes no more than it is asked for',
    promise: { of: 'SplitReader.poll', says: 'Takes up to `maxRecords` from the buffer, never waits' },
    run: (context, broken) =>
      eachSplit(context, async (split) => {
        const { reader } = await context.open(split)
        let [asked, given] = [0, 0]
        await context.patience.until(
          () => {
            for (let taken = 1; taken > 0; given += taken) {
              const maxRecords = ASKED[asked++ % ASKED.length] ?? 1
              taken = reader.poll(maxRecords)?.values.length ?? 0
              if (taken > maxRecords) throw broken(`poll(${maxRecords}) of split ${split.id} gave ${taken} values`)
            }
            return reader.finished || reader.caughtUp
          },
          () => given,
        )
      }),
  },
  {
    name: 'poll gives undefined when it has nothing',
    promise: { of: 'SplitReader.poll', says: 'Undefined: nothing now.' },
    run: (context, broken) =>
      eachSplit(context, async (split) => {
        const { reader } = await context.open(split)
        await context.patience.until(() => {
          for (let polled = reader.poll(100); polled !== undefined; polled = reader.poll(100)) {
            const { values, rejected = [], skipped = 0 } = polled
            if (values.length + rejected.length + skipped === 0) {
              throw broken(`an answer without records of split ${split.id}: the task would never rest`)
            }
          }
          return reader.finished || reader.caughtUp
        })
      }),
  },
  {
    name: 'timestamps and offsets are one a value',
    promise: { of: 'Polled.timestamps', says: 'Epoch milliseconds a value, where the source knows them' },
    run: (context, broken) =>
      eachSplit(context, async (split) => {
        const { reader } = await context.open(split)
        await context.patience.until(() => {
          for (let polled = reader.poll(3); polled !== undefined; polled = reader.poll(3)) {
            const { values, timestamps, offsets } = polled
            for (const [what, list] of Object.entries({ timestamps, offsets })) {
              if (list !== undefined && list.length !== values.length) {
                throw broken(`${list.length} ${what} for ${values.length} values of split ${split.id}`)
              }
            }
            const wrong = timestamps?.find((timestamp) => !Number.isFinite(timestamp))
            if (wrong !== undefined) throw broken(`timestamp ${shown(wrong)} in split ${split.id}`)
            if (values.length === 0) break
          }
          return reader.finished || reader.caughtUp
        })
      }),
  },
  {
    name: 'wake says when there is something to poll, or an end',
    promise: {
      of: 'ReaderContext.wake',
      says: 'Call when `poll` may have something new, has finished or would throw.',
    },
    run: (context, broken) => eachSplit(context, (split) => pollOnlyWhenWoken(context, { split, broken })),
  },
  {
    name: 'a split is finished only when everything of it was polled',
    promise: { of: 'SplitReader.finished', says: 'The split has ended and everything of it was polled.' },
    run: (context, broken) =>
      eachSplit(context, async (split) => {
        const session = await context.open(split)
        await context.patience.until(() => {
          let isFinished = session.reader.finished
          while (session.poll(1)) {
            if (isFinished)
              throw broken(`split ${split.id} said finished, and gave ${shown(session.values.at(-1))} then`)
            isFinished = session.reader.finished
          }
          return isFinished || session.reader.caughtUp
        })
      }),
  },
  {
    name: 'a split that was read says so: finished where the source is bounded, else caught up',
    promise: { of: 'Source.bounded', says: 'Whether every split ends by itself.' },
    run: async (context, broken) => {
      const { bounded } = context.world.source()
      await eachSplit(context, async (split) => {
        const session = await context.open(split)
        const isThere = (): boolean => session.reader.finished || (!bounded && session.reader.caughtUp)
        const isOver = await context.patience.until(
          () => {
            session.drain()
            return isThere()
          },
          () => session.taken,
        )
        if (isOver) return
        const { taken } = session
        throw broken(
          bounded
            ? `split ${split.id} is not finished after ${taken} records, though the source says it is bounded: the job never ends`
            : `split ${split.id} is never caught up after ${taken} records: it is never idle, and holds watermarks back`,
        )
      })
    },
  },
  {
    name: 'a split is caught up only when nothing of it is waiting',
    promise: { of: 'SplitReader.caughtUp', says: 'nothing is buffered, in flight, throttled or failing' },
    run: (context, broken) =>
      eachSplit(context, async (split) => {
        const session = await context.open(split)
        const { reader } = session
        await context.patience.until(
          () => {
            for (let [isCaughtUp, hasSome] = [false, true]; hasSome; ) {
              isCaughtUp = reader.caughtUp && !reader.finished
              hasSome = session.poll(1)
              if (isCaughtUp && hasSome)
                throw broken(`split ${split.id} said so, and ${shown(session.values.at(-1))} was there`)
            }
            return reader.finished || (reader.caughtUp && session.taken > 0)
          },
          () => session.taken,
        )
      }),
  },
  {
    name: 'a drain ends a split where it ends now',
    promise: { of: 'SplitReader.endAtTip', says: 'From now on the split ends where it ends now' },
    run: async (context, broken) => {
      const { bounded } = context.world.source()
      await eachSplit(context, async (split) => {
        const { values: all } = await context.read(split)
        const session = await context.open(split)
        if (session.reader.endAtTip === undefined) return
        session.reader.endAtTip()
        const isOver = await context.patience.until(
          () => {
            session.drain()
            return session.reader.finished
          },
          () => session.taken,
        )
        if (!isOver) throw broken(`split ${split.id} never finishes after endAtTip: the drain never ends`)
        // Of a bounded source what is not due yet may be left out.
        const expected = bounded ? all.slice(0, session.values.length) : all
        const problem = difference(session.values, expected)
        if (problem !== undefined) throw broken(`of split ${split.id}, drained, ${problem}`)
      })
    },
  },
]

async function eachSplit(context: SourceCheckContext<unknown>, run: (split: Split) => Promise<unknown>): Promise<void> {
  for (const split of await context.splits()) await run(split)
}

/** As a task does it: a reader that does not wake is not polled. */
async function pollOnlyWhenWoken(
  context: SourceCheckContext<unknown>,
  { split, broken }: { readonly split: Split; readonly broken: Broken },
): Promise<void> {
  const { patience } = context
  const session = await context.open(split)
  const isOver = (): boolean => session.reader.finished || session.reader.caughtUp
  let heard = -1
  for (;;) {
    if (heard === session.wakes) {
      const isWoken = await patience.until(() => session.wakes !== heard || isOver())
      if (!isWoken && session.poll(100)) {
        // What came this very moment may be said a moment later.
        await patience.aWhile()
        if (session.wakes === heard) {
          throw broken(
            `split ${split.id} had ${shown(session.values.at(-1))} and did not wake: nobody would have asked`,
          )
        }
      }
      if (!isWoken && session.wakes === heard) return
    }
    heard = session.wakes
    session.drain()
    if (isOver()) return
  }
}
