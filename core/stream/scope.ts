import type { Sink } from '../connector.js'
import type { GraphBuilder } from '../graph/graph-builder.js'
import type { LogicalNode, NodeInput } from '../graph/node.js'
import type { Stream } from './stream.js'

/** What the streams of one build of a job share. */
export interface Scope {
  readonly graph: GraphBuilder
  /** The sink that a test put in its place, or the one given. */
  sinkFor(id: string, sink: Sink<unknown>): Sink<unknown>
  stream<T>(inputs: readonly NodeInput[]): Stream<T>
}

/** What a node emits on a port, read by whoever is next. */
export function outputOf(from: LogicalNode, port = 0): readonly NodeInput[] {
  return [{ from, port, partitioning: 'forward', input: 0 }]
}

type Spread = Pick<NodeInput, 'partitioning' | 'partition' | 'mustForward'>

/** The same rows by another way: what was said of it before counts no more. */
export function spread(inputs: readonly NodeInput[], how: Spread): readonly NodeInput[] {
  return inputs.map(({ from, port, input }) => ({ from, port, input, ...how }))
}

export function hashed(inputs: readonly NodeInput[]): readonly NodeInput[] {
  return spread(inputs, { partitioning: 'hash' })
}

/** The main output of a node, with its side outputs as properties. */
export function withSideStreams<R, Sides>(scope: Scope, node: LogicalNode): Stream<R> & Sides {
  const stream = scope.stream<R>(outputOf(node))
  node.sideOutputs.forEach((name, index) => {
    Object.defineProperty(stream, name, { value: scope.stream(outputOf(node, index + 1)), enumerable: true })
  })
  // The node was made from the declarations that Sides is the type of.
  return stream as Stream<R> & Sides
}
