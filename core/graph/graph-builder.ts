import type { Sink, Source } from '../connector.js'
import type { OnError } from '../operators/guard/error-policy.js'
import type { CallBoundary } from '../operators/guard/guarded-operator.js'
import type { Operator } from '../operators/operator.js'
import type { WatermarkStrategy } from '../time/watermark-strategy.js'
import { withErrorPolicy } from './error-policy.js'
import { fingerprintOf } from './fingerprint.js'
import { graphError } from './graph-error.js'
import type { Chaining, LogicalGraph, LogicalNode, NodeInput, OperatorNode, SinkNode, SourceNode } from './node.js'
import { requireId } from './node-id.js'
import { requireParallelism } from './parallelism.js'
import { duplicateId, validateGraph } from './validate.js'

interface Step {
  readonly parallelism: number | undefined
  readonly chaining?: Chaining | undefined
}

export interface SourceStep extends Step {
  readonly id: string
  readonly source: Source<unknown>
  readonly watermarks: WatermarkStrategy<unknown>
}

export interface OperatorStep extends Step {
  /** Undefined for a step without state: it gets an id of `step` and its position. */
  readonly id: string | undefined
  readonly step: string
  readonly label: string
  readonly details?: string | undefined
  readonly inputs: readonly NodeInput[]
  readonly sideOutputs: readonly string[]
  readonly create: () => Operator
  readonly onError?: OnError | undefined
  /** Who draws the line around a call that may fail, where the name of the step does not say it. */
  readonly boundary?: CallBoundary | undefined
}

export interface SinkStep extends Step {
  readonly id: string
  readonly sink: Sink<unknown>
  readonly inputs: readonly NodeInput[]
}

export interface GraphSettings {
  readonly parallelism: number | undefined
  readonly maxParallelism: number | undefined
}

/** Side outputs of every source: what it could not decode. */
const SOURCE_SIDE_OUTPUTS = Object.freeze(['malformed'])

/** Collects frozen nodes in order of declaration. What is wrong with a single step is said where it is declared. */
export class GraphBuilder {
  readonly jobName: string
  readonly #settings: GraphSettings
  readonly #nodes: LogicalNode[] = []
  readonly #ids = new Set<string>()
  #sealed = false

  constructor(jobName: string, settings: GraphSettings) {
    this.jobName = jobName
    this.#settings = settings
  }

  addSource(step: SourceStep): SourceNode {
    const id = this.#claim(requireId(step.id, 'a source'))
    return this.#add({
      kind: 'source',
      index: this.#nodes.length,
      id,
      stable: true,
      label: step.source.kind,
      ...detailsOf(step.source.describe?.()),
      ...this.#placement(step, id),
      sideOutputs: SOURCE_SIDE_OUTPUTS,
      source: step.source,
      watermarks: step.watermarks,
    })
  }

  addOperator(declared: OperatorStep): OperatorNode {
    const step = withErrorPolicy(declared)
    const id = this.#claim(step.id === undefined ? this.#idFor(step.step) : requireId(step.id, step.step))
    return this.#add({
      kind: 'operator',
      index: this.#nodes.length,
      id,
      stable: step.id !== undefined,
      label: step.label,
      ...detailsOf(step.details),
      ...this.#placement(step, id),
      sideOutputs: Object.freeze([...step.sideOutputs]),
      inputs: this.#own(step.inputs, id),
      create: step.create,
    })
  }

  addSink(step: SinkStep): SinkNode {
    const id = this.#claim(requireId(step.id, 'a sink'))
    return this.#add({
      kind: 'sink',
      index: this.#nodes.length,
      id,
      stable: true,
      label: step.sink.kind,
      ...detailsOf(step.sink.describe?.()),
      ...this.#placement(step, id),
      sideOutputs: Object.freeze([]),
      inputs: this.#own(step.inputs, id),
      sink: step.sink,
    })
  }

  /** Seals the builder: a stream that escaped from the job's function adds nothing any more. */
  build(): LogicalGraph {
    this.#sealed = true
    const graph = { jobName: this.jobName, ...this.#settings, nodes: Object.freeze([...this.#nodes]) }
    validateGraph(graph)
    return Object.freeze({ ...graph, fingerprint: fingerprintOf(graph.nodes) })
  }

  #add<N extends LogicalNode>(node: N): N {
    Object.freeze(node)
    this.#nodes.push(node)
    return node
  }

  #claim(id: string): string {
    if (this.#sealed) {
      throw graphError(
        'GRAPH_SEALED',
        `'${id}' was added to job '${this.jobName}' after its function had returned: build the whole graph inside it`,
        id,
      )
    }
    if (this.#ids.has(id)) throw duplicateId(id)
    this.#ids.add(id)
    return id
  }

  #idFor(step: string): string {
    const base = `${step}-${this.#nodes.length}`
    let id = base
    for (let attempt = 1; this.#ids.has(id); attempt++) id = `${base}-${attempt}`
    return id
  }

  #own(inputs: readonly NodeInput[], id: string): readonly NodeInput[] {
    for (const { from } of inputs) {
      if (this.#nodes[from.index] === from) continue
      throw graphError(
        'GRAPH_TWO_JOBS',
        `'${id}' of job '${this.jobName}' reads '${from.id}', which belongs to another job or another build of it`,
        id,
      )
    }
    return Object.freeze(inputs.map((input) => Object.freeze({ ...input })))
  }

  #placement({ parallelism, chaining }: Step, id: string): Pick<LogicalNode, 'parallelism' | 'chaining'> {
    if (parallelism !== undefined) requireParallelism(parallelism, this.#settings.maxParallelism, id)
    if (chaining === undefined) return { parallelism }
    if (chaining === 'new' || chaining === 'never') return { parallelism, chaining }
    throw graphError(
      'GRAPH_STEP_INVALID',
      `${id}: chaining is 'new' (a task begins with this step) or 'never' (it is a task of its own), found '${chaining}'`,
      id,
    )
  }
}

function detailsOf(details: string | undefined): { readonly details?: string } {
  return details === undefined || details === '' ? {} : { details }
}
