import type { Stream } from '../stream/stream.js'

/** The stream with others as its properties. It is one that nobody else has, and has none of these yet. */
export function withStreams<R, Streams extends Readonly<Record<string, Stream<unknown>>>>(
  rows: Stream<R>,
  streams: Streams,
): Stream<R> & Streams {
  for (const [name, value] of Object.entries(streams)) Object.defineProperty(rows, name, { value, enumerable: true })
  return rows as Stream<R> & Streams
}
