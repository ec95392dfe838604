import type { SideOutputs } from '../operators/side-output.js'
import type { StateDeclarations } from '../state/declare.js'
import type { Key } from '../state/key.js'
import { type KeyedProcessStep, KeyedSteps } from '../stream/keyed-steps.js'
import type { KeyedStream } from '../stream/keyed-stream.js'
import { knownPlacement } from '../stream/placement.js'
import type { ProcessOptions, SideStreams, Stream } from '../stream/stream.js'
import { invalid } from './settings.js'

interface Pattern<K extends Key, T, S extends StateDeclarations, O extends SideOutputs, R, Q, C>
  extends Omit<KeyedProcessStep<K, T, S, O, R, Q, C>, 'placement'> {
  /** Checked. */
  readonly options: ProcessOptions
}

/** Adds a pattern to the graph of the stream: a process function whose step has the pattern's name. */
export function addPattern<K extends Key, T, S extends StateDeclarations, O extends SideOutputs, R, Q, C>(
  keyed: KeyedStream<K, T>,
  { options, ...step }: Pattern<K, T, S, O, R, Q, C>,
): Stream<R | Q> & SideStreams<O> {
  if (keyed instanceof KeyedSteps) return keyed.addProcess({ ...step, placement: knownPlacement(options) })
  throw invalid(step, `expected a keyed stream: stream.keyBy((value) => ...).pipe(${step.step}('${step.id}', ...))`)
}
