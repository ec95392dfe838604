import type { SideEmitter, SideEmitters, SideOutputs } from '../operators/side-output.js'
import type { ProcessContents, WindowFunctionContext } from '../operators/window/index.js'
import type { StateDeclarations, StateHandles } from '../state/declare.js'
import type { Key } from '../state/key.js'
import type { Window } from '../window/index.js'
import type { SummaryFunction, WindowProcessContext } from './window-function.js'

const NOTHING: readonly never[] = Object.freeze([])

/** A function of what a window holds, as the window operator calls it. */
type CalledFunction<V, W extends Window, R> = Omit<ProcessContents<never, W, R>, 'kind' | 'process'> & {
  readonly process: (key: Key, window: W, values: V, context: WindowFunctionContext) => Iterable<R>
}

/** The user's function of what a window holds. One for each subtask. */
export function calledFunction<
  K extends Key,
  V,
  W extends Window,
  O extends SideOutputs,
  R,
  C,
  G extends StateDeclarations,
  S extends StateDeclarations,
>(fn: SummaryFunction<K, V, W, O, R, C, G, S>, sideOutputs: readonly string[]): CalledFunction<V, W, R> {
  const object = typeof fn === 'function' ? undefined : fn
  const process = typeof fn === 'function' ? fn : fn.process.bind(fn)
  // Without `open` the function's C is undefined.
  let opened = undefined as C
  let isOpen = false
  return {
    ...(object?.keyState && { keyState: object.keyState }),
    ...(object?.windowState && { windowState: object.windowState }),
    async open(context) {
      if (object?.open) opened = await object.open(context)
      isOpen = true
    },
    async close() {
      if (!isOpen) return
      isOpen = false
      await object?.close?.(opened)
    },
    process(key, window, values, context) {
      const { watermark, processingTime, replaces, keyState, windowState } = context
      const given: WindowProcessContext<K, W, O, G, S> = {
        // The key selector of this stream gave the key.
        key: key as K,
        window,
        watermark,
        processingTime,
        replaces,
        // One emitter for each name of O.
        sideOutputs: emittersOf(sideOutputs, context) as SideEmitters<O>,
        // Opened by the names of G and S.
        keyState: keyState as StateHandles<G>,
        windowState: windowState as StateHandles<S>,
      }
      // A function without an object takes no declared state: G and S are then empty.
      return (
        (process as (values: V, given: unknown, opened: C) => Iterable<R> | undefined)(values, given, opened) ?? NOTHING
      )
    },
  }
}

function emittersOf(names: readonly string[], context: WindowFunctionContext): Record<string, SideEmitter<unknown>> {
  const emitters: Record<string, SideEmitter<unknown>> = {}
  for (const name of names) emitters[name] = { emit: (value) => context.emitTo(name, value) }
  return emitters
}
