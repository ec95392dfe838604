import { type Duration, formatDuration } from '../duration.js'
import { graphError } from '../graph/graph-error.js'
import type { NodeInput } from '../graph/node.js'
import { errorPolicyOf } from '../operators/guard/error-policy.js'
import type { SideOutputs } from '../operators/side-output.js'
import {
  admittingWindows,
  LATE_OUTPUT,
  RowInHand,
  type WindowOperatorSpec,
  windowOperator,
} from '../operators/window/index.js'
import { requireKnownOptions } from '../options.js'
import type { StateDeclarations } from '../state/declare.js'
import type { Key } from '../state/key.js'
import type { Aggregate } from '../window/aggregate.js'
import { type AnyAggregate, combine, type Results } from '../window/aggregates/index.js'
import type { Evictor, Trigger, Window, WindowAssigner } from '../window/index.js'
import { operatorOf } from './operator-of.js'
import { knownPlacement, type Placement, PROCESS_OPTIONS, placementOf } from './placement.js'
import { requireFunction } from './require-function.js'
import { type Scope, withSideStreams } from './scope.js'
import { sideOutputNames } from './side-output-names.js'
import type { None, ProcessOptions, SideStreams } from './stream.js'
import { calledFunction } from './window-contents.js'
import type { SummaryFunction, WindowFunction } from './window-function.js'
import { guardedReducing, reducing } from './window-reduce.js'
import type { AggregateRow, ReducedRow, WindowedStream, WindowResults, WindowRowOptions } from './windowed-stream.js'

interface Settings<T, W extends Window> {
  readonly assigner: WindowAssigner<T, W>
  readonly trigger: Trigger<T, W> | undefined
  readonly evictor?: Evictor<T, W>
  readonly allowedLatenessMs: number
  /** Of windows over all records. */
  readonly inOneSubtask: boolean
}

const ROW_OPTIONS: Readonly<Record<keyof WindowRowOptions, true>> = { ...PROCESS_OPTIONS, replaces: true }

export class WindowedSteps<K extends Key, T, W extends Window> implements WindowedStream<K, T, W> {
  readonly #scope: Scope
  readonly #inputs: readonly NodeInput[]
  readonly #settings: Settings<T, W>

  constructor(scope: Scope, inputs: readonly NodeInput[], settings: Settings<T, W>) {
    this.#scope = scope
    this.#inputs = inputs
    this.#settings = settings
  }

  trigger(trigger: Trigger<T, W>): WindowedStream<K, T, W> {
    if (typeof (trigger as Partial<Trigger> | undefined)?.onRecord !== 'function') {
      throw graphError('GRAPH_STEP_INVALID', 'trigger: expected a trigger, such as trigger(afterCount(100))')
    }
    return new WindowedSteps(this.#scope, this.#inputs, { ...this.#settings, trigger })
  }

  evict(evictor: Evictor<T, W>): WindowedStream<K, T, W> {
    const { before, after } = (evictor ?? {}) as Partial<Evictor>
    if (typeof before !== 'function' && typeof after !== 'function') {
      throw graphError('GRAPH_STEP_INVALID', 'evict: expected an evictor, such as evict(keepLast(100))')
    }
    return new WindowedSteps(this.#scope, this.#inputs, { ...this.#settings, evictor })
  }

  allowedLateness(lateness: Duration): WindowedStream<K, T, W> {
    if (typeof (lateness as Partial<Duration> | undefined)?.ms !== 'number') {
      throw graphError('GRAPH_STEP_INVALID', 'allowedLateness: expected a duration, such as minutes(5)')
    }
    return new WindowedSteps(this.#scope, this.#inputs, { ...this.#settings, allowedLatenessMs: lateness.ms })
  }

  aggregate<As extends Readonly<Record<string, AnyAggregate<T>>>, const S extends boolean = false>(
    id: string,
    aggregates: As,
    options?: WindowRowOptions<S>,
  ): WindowResults<AggregateRow<K, W, As, S>, T>
  aggregate<
    As extends Readonly<Record<string, AnyAggregate<T>>>,
    R,
    O extends SideOutputs,
    C,
    G extends StateDeclarations,
    S extends StateDeclarations,
  >(
    id: string,
    aggregates: As,
    fn: SummaryFunction<K, Results<As>, W, O, R, C, G, S>,
    options?: ProcessOptions,
  ): WindowResults<R, T> & SideStreams<O>
  aggregate(
    id: string,
    aggregates: Readonly<Record<string, AnyAggregate<T>>>,
    // The overloads have checked that a function fits the aggregates.
    fnOrOptions: object = {},
    options?: ProcessOptions,
  ): WindowResults<unknown, T> {
    if (!isObject(aggregates)) {
      throw graphError('GRAPH_STEP_INVALID', `${id}: expected aggregates by name, such as { trips: count() }`, id)
    }
    if (typeof fnOrOptions === 'function' || (isObject(fnOrOptions) && 'process' in fnOrOptions)) {
      return this.#summarize(id, aggregates, fnOrOptions, options)
    }
    const rowOptions: WindowRowOptions = fnOrOptions
    requireKnownOptions<WindowRowOptions>(`window '${id}'`, rowOptions, ROW_OPTIONS)
    const saysReplaced = rowOptions.replaces === true
    for (const name of ['key', 'window', ...(saysReplaced ? ['replaces'] : [])]) {
      if (Object.hasOwn(aggregates, name)) {
        throw graphError('GRAPH_STEP_INVALID', `${id}: an aggregate cannot be called '${name}', the row has that`, id)
      }
    }
    const aggregate: Aggregate<T, unknown[], object> = combine<T, typeof aggregates>(aggregates)
    const contents: Contents<T, W, unknown[], object, object> = {
      kind: 'aggregate',
      aggregate,
      // The fields are those that AggregateRow lists.
      shape: (key, window, results, replaces) =>
        saysReplaced ? { key, window, ...results, replaces } : { key, window, ...results },
    }
    const label = `aggregate(${aggregate.kind})`
    return this.#add(id, { label, contents: () => contents, placement: knownPlacement(rowOptions) })
  }

  reduce<const S extends boolean = false>(
    id: string,
    fn: (left: T, right: T) => T,
    options: WindowRowOptions<S> = {},
  ): WindowResults<ReducedRow<K, W, T, S>, T> {
    requireFunction(fn, 'reduce', `reduce '${id}'`)
    requireKnownOptions<WindowRowOptions>(`window '${id}'`, options, ROW_OPTIONS)
    const saysReplaced = options.replaces === true
    const isGuarded = errorPolicyOf(`reduce '${id}'`, options.onError) !== undefined
    if (isGuarded) this.#requireNoMerge(id)
    const contents = (rowInHand: RowInHand): Contents<T, W, T[], T, ReducedRow<K, W, T, S>> => ({
      kind: 'aggregate',
      aggregate: isGuarded ? guardedReducing(id, fn, rowInHand) : reducing(id, fn),
      // The fields are those that ReducedRow lists.
      shape: (key, window, value, replaces) =>
        (saysReplaced ? { key, window, value, replaces } : { key, window, value }) as ReducedRow<K, W, T, S>,
    })
    return this.#add(id, { label: 'reduce', contents, placement: knownPlacement(options) })
  }

  process<R, O extends SideOutputs, C, G extends StateDeclarations, S extends StateDeclarations>(
    id: string,
    fn: WindowFunction<K, T, W, O, R, C, G, S>,
    options?: ProcessOptions,
  ): WindowResults<R, T> & SideStreams<O> {
    requireFunction(fn, 'process', `process '${id}'`)
    const sideOutputs = namesOf(id, fn)
    const contents = (): Contents<T, W, unknown, unknown, R> => ({
      kind: 'process',
      ...calledFunction<K, readonly T[], W, O, R, C, G, S>(fn, sideOutputs),
    })
    const placement = placementOf(`window '${id}'`, options)
    return this.#add<unknown, unknown, R, SideStreams<O>>(id, { label: 'process', contents, sideOutputs, placement })
  }

  /** A reducer that is called with two results of several records: neither could be given up alone. */
  #requireNoMerge(id: string): void {
    const { assigner, evictor } = this.#settings
    const { spec } = assigner
    const merges =
      spec.kind === 'session' || spec.kind === 'sliding' || (spec.kind === 'counted' && spec.slide < spec.size)
    if (!merges && evictor === undefined) return
    throw graphError(
      'GRAPH_STEP_INVALID',
      `${id}: onError of a reduce is for windows that neither overlap nor merge and have no evictor, found ${assigner.kind}` +
        `${evictor ? ` with ${evictor.kind}` : ''}: there the reducer may be called with results of several records, of ` +
        'which none could be given up alone. Use aggregate or process, or check the records in a map before it',
      id,
    )
  }

  #summarize(
    id: string,
    aggregates: Readonly<Record<string, AnyAggregate<T>>>,
    fn: object,
    options: ProcessOptions | undefined,
  ): WindowResults<unknown, T> {
    requireFunction(fn, 'process', `aggregate '${id}'`)
    const aggregate: Aggregate<T, unknown[], object> = combine<T, typeof aggregates>(aggregates)
    const sideOutputs = namesOf(id, fn)
    const contents = (): Contents<T, W, unknown[], object, unknown> => ({
      kind: 'summary',
      aggregate,
      // Results has one field for each of the aggregates.
      ...calledFunction(fn as SummaryFunction<K, object, W, None, unknown, unknown, None, None>, sideOutputs),
    })
    const label = `aggregate(${aggregate.kind}).process`
    return this.#add(id, { label, contents, sideOutputs, placement: placementOf(`window '${id}'`, options) })
  }

  #add<A, Result, Row, Sides = unknown>(
    id: string,
    step: {
      readonly label: string
      /** Called once a subtask. */
      readonly contents: (rowInHand: RowInHand) => Contents<T, W, A, Result, Row>
      readonly sideOutputs?: readonly string[]
      readonly placement: Placement
    },
  ): WindowResults<Row, T> & Sides {
    const { assigner, trigger, evictor, allowedLatenessMs, inOneSubtask } = this.#settings
    const { parallelism, ...placement } = step.placement
    if (inOneSubtask && (parallelism ?? 1) !== 1) {
      const message = `${id}: windows over all records run in one subtask, found parallelism ${parallelism}. Key the stream first`
      throw graphError('GRAPH_PARALLELISM_INVALID', message, id)
    }
    const isGuarded = errorPolicyOf(`window '${id}'`, placement.onError) !== undefined
    const create = () => {
      const rowInHand = new RowInHand()
      const spec: WindowOperatorSpec<T, W, A, Result, Row> = {
        assigner,
        allowedLatenessMs,
        contents: step.contents(rowInHand),
        ...(trigger && { trigger }),
        ...(evictor && { evictor }),
      }
      return isGuarded ? admittingWindows(spec, rowInHand) : windowOperator(spec)
    }
    // What does not fit together is said here, where the user's stack trace helps, and not when the job starts.
    create()
    const node = this.#scope.graph.addOperator({
      id: id ?? '',
      step: 'window',
      label: [
        inOneSubtask ? `all(${assigner.kind})` : assigner.kind,
        ...(trigger ? [trigger.kind] : []),
        ...(evictor ? [evictor.kind] : []),
        step.label,
      ].join('.'),
      details: allowedLatenessMs === 0 ? undefined : `allowed lateness ${formatDuration({ ms: allowedLatenessMs })}`,
      inputs: this.#inputs,
      sideOutputs: [LATE_OUTPUT, ...(step.sideOutputs ?? [])],
      ...placement,
      parallelism: inOneSubtask ? 1 : parallelism,
      create: operatorOf(create),
    })
    // `late` is the first side output.
    return withSideStreams<Row, { readonly late: WindowResults<Row, T>['late'] } & Sides>(this.#scope, node)
  }
}

function isObject(given: unknown): given is object {
  return typeof given === 'object' && given !== null
}

/** Side outputs of the function, and states that can be what they are declared as. */
function namesOf(id: string, fn: unknown): readonly string[] {
  const { sideOutputs, windowState = {} } = fn as {
    readonly sideOutputs?: SideOutputs
    readonly windowState?: StateDeclarations
  }
  for (const [name, declared] of Object.entries(windowState)) {
    const { ttl, version = 1 } = declared as { readonly ttl?: unknown; readonly version?: number }
    if (ttl === undefined && version === 1) continue
    const message = `${id}: windowState '${name}' lives as long as its window and takes neither ttl nor version; use keyState`
    throw graphError('GRAPH_STEP_INVALID', message, id)
  }
  return sideOutputNames(id, sideOutputs)
}

type Contents<T, W extends Window, A, R, Row> = WindowOperatorSpec<T, W, A, R, Row>['contents']
