import type { FunctionContext } from '../../context.js'
import type { Environment } from '../../environment.js'
import { isPromise } from '../../promises.js'
import { openStates, type StateDeclarations } from '../../state/declare.js'
import type { InternalKey } from '../../state/key.js'
import { fromInternalKey } from '../../state/key-codec.js'
import { keyGroupOf } from '../../state/key-groups.js'
import { maxTimestampOf, type TimeWindow, type Window } from '../../window/time-window.js'
import type { OperatorContext, Output } from '../operator.js'
import { outsideOfCall, promisedSideRow } from '../side-output.js'
import { NOTHING_REPLACED } from './replaced.js'
import type { WindowFunctionContext } from './spec.js'
import { WindowStates } from './window-states.js'

interface DeclaredStates {
  readonly keyState?: StateDeclarations
  readonly windowState?: StateDeclarations
}

const NONE: Readonly<Record<string, unknown>> = Object.freeze({})

/** One object for all calls: it says what is true during the current one. */
export class WindowCallContext implements WindowFunctionContext {
  readonly operatorId: string
  readonly subtask: FunctionContext['subtask']
  readonly logger: FunctionContext['logger']
  readonly metrics: FunctionContext['metrics']
  readonly parameters: FunctionContext['parameters']
  readonly signal: AbortSignal
  watermark = Number.NEGATIVE_INFINITY
  replaces = NOTHING_REPLACED
  readonly keyState: Readonly<Record<string, unknown>>
  readonly windowState: Readonly<Record<string, unknown>>
  readonly windowStates: WindowStates | undefined
  private readonly engine: OperatorContext
  private readonly environment: Environment
  private readonly hasKeyState: boolean
  /** Where side outputs go: undefined while no call is going on. */
  private output: Output | undefined
  private timestamp = 0
  private key: InternalKey = ''
  private group = 0
  private start = Number.NEGATIVE_INFINITY

  constructor(context: OperatorContext, { keyState, windowState }: DeclaredStates) {
    this.engine = context
    this.operatorId = context.operatorId
    this.subtask = context.subtask
    this.logger = context.logger
    this.metrics = context.metrics
    this.parameters = context.parameters
    this.signal = context.signal
    this.environment = context.environment
    this.hasKeyState = keyState !== undefined
    this.keyState = keyState === undefined ? NONE : openStates(context.keyedState, keyState)
    if (windowState !== undefined) {
      this.windowStates = new WindowStates(windowState, context.operatorId, context.keyedState)
    }
    this.windowState = this.windowStates?.handles ?? NONE
  }

  get processingTime(): number {
    return this.environment.clock.now()
  }

  /** A window fires: what the next calls are about. */
  begin(key: InternalKey, window: Window, watermark: number, replaces: readonly TimeWindow[]): void {
    this.watermark = watermark
    this.replaces = replaces
    this.timestamp = maxTimestampOf(window)
    if (!this.hasKeyState && this.windowStates === undefined) return
    this.key = key
    this.group = keyGroupOf(fromInternalKey(key), this.engine.maxParallelism)
    if ('start' in window) this.start = window.start
  }

  /** A call begins, or goes on. */
  enter(output: Output | undefined): void {
    const { key, group, start, timestamp } = this
    this.output = output
    if (this.hasKeyState) this.engine.keyedState.setCurrentKey(key, group, timestamp)
    this.windowStates?.enter(start, key, group, timestamp)
  }

  /** It is over, or its rows wait for room: until it goes on, a callback of the user's has no access. */
  leave(): void {
    this.output = undefined
    if (this.hasKeyState) this.engine.keyedState.clearCurrentKey()
    this.windowStates?.leave()
  }

  emitTo(sideOutput: string, value: unknown): void {
    if (isPromise(value)) throw promisedSideRow(value, sideOutput, this.operatorId)
    if (this.output === undefined) throw outsideOfCall(sideOutput, this.operatorId)
    const port = this.engine.portOf(sideOutput)
    if (port > 0) this.output.emitTo(port, value, this.timestamp)
  }
}
