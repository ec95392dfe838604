import { type Duration, formatDuration } from '../duration.js'
import { graphError } from '../graph/graph-error.js'
import type { NodeInput } from '../graph/node.js'
import type { SideOutputs } from '../operators/side-output.js'
import { LATE_OUTPUT, type WindowOperatorSpec, windowOperator } from '../operators/window/index.js'
import type { Key } from '../state/key.js'
import type { Aggregate } from '../window/aggregate.js'
import { type AnyAggregate, combine } from '../window/aggregates/index.js'
import type { Evictor, Trigger, Window, WindowAssigner } from '../window/index.js'
import { operatorOf } from './operator-of.js'
import { placementOf } from './placement.js'
import { requireFunction } from './require-function.js'
import { type Scope, withSideStreams } from './scope.js'
import { sideOutputNames } from './side-output-names.js'
import type { SideStreams, StepOptions } from './stream.js'
import { processContents } from './window-contents.js'
import type { WindowFunction } from './window-function.js'
import { reducing } from './window-reduce.js'
import type { AggregateRow, ReducedRow, WindowedStream, WindowResults, WindowRowOptions } from './windowed-stream.js'

interface Settings<T, W extends Window> {
  readonly assigner: WindowAssigner<T, W>
  readonly trigger: Trigger<T, W> | undefined
  readonly evictor?: Evictor<T, W>
  readonly allowedLatenessMs: number
  /** Of windows over all records. */
  readonly inOneSubtask: boolean
}

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
    options: WindowRowOptions<S> = {},
  ): WindowResults<AggregateRow<K, W, As, S>, T> {
    if (typeof aggregates !== 'object' || aggregates === null) {
      throw graphError('GRAPH_STEP_INVALID', `${id}: expected aggregates by name, such as { trips: count() }`, id)
    }
    const saysReplaced = options.replaces === true
    for (const name of ['key', 'window', ...(saysReplaced ? ['replaces'] : [])]) {
      if (Object.hasOwn(aggregates, name)) {
        throw graphError('GRAPH_STEP_INVALID', `${id}: an aggregate cannot be called '${name}', the row has that`, id)
      }
    }
    const aggregate: Aggregate<T, unknown[], object> = combine<T, As>(aggregates)
    const contents: Contents<T, W, unknown[], object, AggregateRow<K, W, As, S>> = {
      kind: 'aggregate',
      aggregate,
      // The fields are those that AggregateRow lists.
      shape: (key, window, results, replaces) =>
        (saysReplaced ? { key, window, ...results, replaces } : { key, window, ...results }) as AggregateRow<
          K,
          W,
          As,
          S
        >,
    }
    return this.#add(id, { label: `aggregate(${aggregate.kind})`, contents: () => contents }, options)
  }

  reduce<const S extends boolean = false>(
    id: string,
    fn: (left: T, right: T) => T,
    options: WindowRowOptions<S> = {},
  ): WindowResults<ReducedRow<K, W, T, S>, T> {
    requireFunction(fn, 'reduce', `reduce '${id}'`)
    const saysReplaced = options.replaces === true
    const contents: Contents<T, W, T[], T, ReducedRow<K, W, T, S>> = {
      kind: 'aggregate',
      aggregate: reducing(id, fn),
      // The fields are those that ReducedRow lists.
      shape: (key, window, value, replaces) =>
        (saysReplaced ? { key, window, value, replaces } : { key, window, value }) as ReducedRow<K, W, T, S>,
    }
    return this.#add(id, { label: 'reduce', contents: () => contents }, options)
  }

  process<R, O extends SideOutputs, C>(
    id: string,
    fn: WindowFunction<K, T, W, O, R, C>,
    options?: StepOptions,
  ): WindowResults<R, T> & SideStreams<O> {
    requireFunction(fn, 'process', `process '${id}'`)
    const sideOutputs = sideOutputNames(id, typeof fn === 'function' ? undefined : fn.sideOutputs)
    const step = { label: 'process', contents: () => processContents(fn, sideOutputs), sideOutputs }
    return this.#add<unknown, unknown, R, SideStreams<O>>(id, step, options)
  }

  #add<A, Result, Row, Sides = unknown>(
    id: string,
    step: {
      readonly label: string
      /** Called once a subtask. */
      readonly contents: () => Contents<T, W, A, Result, Row>
      readonly sideOutputs?: readonly string[]
    },
    options: StepOptions | undefined,
  ): WindowResults<Row, T> & Sides {
    const { assigner, trigger, evictor, allowedLatenessMs, inOneSubtask } = this.#settings
    const { parallelism, ...placement } = placementOf(options)
    if (inOneSubtask && (parallelism ?? 1) !== 1) {
      const message = `${id}: windows over all records run in one subtask, found parallelism ${parallelism}. Key the stream first`
      throw graphError('GRAPH_PARALLELISM_INVALID', message, id)
    }
    const create = () =>
      windowOperator<T, W, A, Result, Row>({
        assigner,
        allowedLatenessMs,
        contents: step.contents(),
        ...(trigger && { trigger }),
        ...(evictor && { evictor }),
      })
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

type Contents<T, W extends Window, A, R, Row> = WindowOperatorSpec<T, W, A, R, Row>['contents']
