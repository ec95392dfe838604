import type { SideEmitter, SideEmitters, SideOutputs } from '../operators/side-output.js'
import type { ProcessContents, WindowFunctionContext } from '../operators/window/index.js'
import type { Key } from '../state/key.js'
import type { Window } from '../window/index.js'
import type { ContentsFunction, WindowProcessContext } from './window-function.js'

const NOTHING: readonly never[] = Object.freeze([])

/** The user's function of a window's values, as the window operator calls it. One for each subtask. */
export function processContents<K extends Key, T, W extends Window, O extends SideOutputs, R, C, Values = readonly T[]>(
  fn: ContentsFunction<K, Values, W, O, R, C>,
  sideOutputs: readonly string[],
): ProcessContents<T, W, R, Values> {
  const object = typeof fn === 'function' ? undefined : fn
  const process = typeof fn === 'function' ? fn : fn.process.bind(fn)
  // Without `open` the function's C is undefined.
  let opened = undefined as C
  let isOpen = false
  return {
    kind: 'process',
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
      const { watermark, processingTime, replaces } = context
      const given: WindowProcessContext<K, W, O> = {
        // The key selector of this stream gave the key.
        key: key as K,
        window,
        watermark,
        processingTime,
        replaces,
        // One emitter for each name of O.
        sideOutputs: emittersOf(sideOutputs, context) as SideEmitters<O>,
      }
      return process(values, given, opened) ?? NOTHING
    },
  }
}

function emittersOf(names: readonly string[], context: WindowFunctionContext): Record<string, SideEmitter<unknown>> {
  const emitters: Record<string, SideEmitter<unknown>> = {}
  for (const name of names) emitters[name] = { emit: (value) => context.emitTo(name, value) }
  return emitters
}
