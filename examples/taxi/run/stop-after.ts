import type { Source, SplitReader } from 'tidemark'
import type { TaxiEvent } from '../events/index.js'

export interface StopAfter {
  readonly trips: number
  /** Called once, when that many have been read. From then on nothing is read. */
  readonly onReached: () => void
}

/** The source, which pauses at or just behind a number of trips: all that its readers have read, together. */
export function pausingAfter(source: Source<TaxiEvent>, { trips, onReached }: StopAfter): Source<TaxiEvent> {
  let read = 0
  const pausing = (reader: SplitReader<TaxiEvent>): SplitReader<TaxiEvent> => ({
    poll(maxRecords) {
      if (read >= trips) return undefined
      const polled = reader.poll(maxRecords)
      for (const event of polled?.values ?? []) if (event.type === 'trip') read++
      if (read >= trips) onReached()
      return polled
    },
    position: () => reader.position(),
    // What is paused has not ended, though it may have been at its end.
    get finished() {
      return read < trips && reader.finished
    },
    get caughtUp() {
      return read < trips && reader.caughtUp
    },
    endAtTip: () => reader.endAtTip?.(),
    close: () => reader.close(),
  })
  return {
    ...source,
    enumerate: (context) => source.enumerate(context),
    async read(split, context) {
      return pausing(await source.read(split, context))
    },
  }
}
