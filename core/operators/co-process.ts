import type { StateDeclarations } from '../state/declare.js'
import type { Key } from '../state/key.js'
import { KeyedProcessOperator } from './keyed-process.js'
import type { Operator } from './operator.js'
import type { KeyedCoProcess } from './process-function.js'
import type { SideOutputs } from './side-output.js'

/** Keyed records of two inputs, which share state and timers: 0 is the left one, 1 the right one. */
export function keyedCoProcessOperator<
  K extends Key,
  T,
  U,
  S extends StateDeclarations,
  O extends SideOutputs,
  R,
  Q,
  P,
  C,
>(definition: KeyedCoProcess<K, T, U, S, O, R, Q, P, C>): Operator<T | U, R | Q | P> {
  return new KeyedProcessOperator<K, T | U, S, O, R | Q, P, C>(definition, [
    // The graph connects each input to the stream of its type.
    { name: 'onLeft', call: (value, context, opened) => definition.onLeft(value as T, context, opened) },
    { name: 'onRight', call: (value, context, opened) => definition.onRight(value as U, context, opened) },
  ])
}
