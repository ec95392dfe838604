import { TidemarkError } from '../errors.js'
import type { NoPromise } from '../no-promise.js'
import { isPromiseAmong } from '../promises.js'
import type { OperatorContext, Output } from './operator.js'
import { returnedPromise } from './user-error.js'

/** Declares a side output of values of type `T`: `sideOutputs: { alerts: sideOutput<Alert>() }`. */
export interface SideOutput<out T> {
  readonly kind: 'sideOutput'
  /** Never there: it carries the type. */
  readonly outputOf?: () => T
}

export type SideOutputs = Readonly<Record<string, SideOutput<unknown>>>

type PlainOutput<T> = NoPromise<
  T,
  'A side output carries values, not promises. Wait in stream.mapAsync(id, async (value) => ...) behind it.'
>

/** Emits to a side output, with the timestamp of what is being processed. */
export interface SideEmitter<in T> {
  emit(value: T): void
}

export type SideEmitters<O extends SideOutputs> = {
  readonly [Name in keyof O]: O[Name] extends SideOutput<infer T> ? SideEmitter<T> : never
}

/**
 * @example
 * keyed.process('watch', {
 *   sideOutputs: { alerts: sideOutput<Alert>() },
 *   process(value, ctx) { if (value.level > 9) ctx.sideOutputs.alerts.emit({ zone: ctx.key }) },
 * }).alerts.to('alerts', sink)
 */
export function sideOutput<T>(this: PlainOutput<T>): SideOutput<T> {
  return Object.freeze({ kind: 'sideOutput' })
}

/** Where the side emitters of one operator write: set while a user function runs, undefined otherwise. */
export class SidePorts {
  readonly emitters: Readonly<Record<string, SideEmitter<unknown>>>
  output: Output | undefined
  timestamp = 0

  constructor(declarations: SideOutputs, context: OperatorContext) {
    const emitters: Record<string, SideEmitter<unknown>> = {}
    for (const name of Object.keys(declarations)) {
      const port = context.portOf(name)
      emitters[name] = Object.freeze(port < 0 ? this.#unread(name, context) : this.#reading(name, port, context))
    }
    this.emitters = Object.freeze(emitters)
  }

  #reading(name: string, port: number, context: OperatorContext): SideEmitter<unknown> {
    let isFirst = true
    return {
      emit: (value) => {
        if (isPromiseAmong(value, isFirst)) throw promisedSideRow(value, name, context.operatorId)
        isFirst = false
        if (this.output === undefined) throw outsideOfCall(name, context.operatorId)
        this.output.emitTo(port, value, this.timestamp)
      },
    }
  }

  /** Nobody reads it: the rows are dropped, and counted. */
  #unread(name: string, { metrics, operatorId }: OperatorContext): SideEmitter<unknown> {
    const dropped = metrics.counter(`side_output_${name}_unread`)
    let isFirst = true
    return {
      emit(value) {
        if (isPromiseAmong(value, isFirst)) throw promisedSideRow(value, name, operatorId)
        isFirst = false
        dropped.add()
      },
    }
  }
}

/** Whoever has called the user's function adds the record. */
export function promisedSideRow(row: unknown, name: string, operatorId: string): TidemarkError {
  return returnedPromise(row, { operatorId, call: `side output '${name}'` }, 'was given a promise')
}

export function outsideOfCall(name: string, operatorId: string): TidemarkError {
  return new TidemarkError({
    code: 'EMIT_OUTSIDE_CALL',
    domain: 'user',
    operatorId,
    message:
      `${operatorId}: side output '${name}' was used after the function had returned. Emit during the call only, ` +
      'not from a promise or a timer of your own',
  })
}
