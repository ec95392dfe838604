import { graphError } from './graph-error.js'
import type { LogicalGraph, LogicalNode } from './node.js'
import { requireId } from './node-id.js'
import { requireMaxParallelism, requireParallelism } from './parallelism.js'

/**
 * What must hold of any graph before it is planned. A builder cannot break all of these, but graphs come from elsewhere
 * too (tests, tools), and a cycle would hang the planner.
 * @throws TidemarkError GRAPH_*, naming the id.
 */
export function validateGraph(graph: Omit<LogicalGraph, 'fingerprint'>): void {
  const { jobName, nodes, parallelism, maxParallelism } = graph
  if (maxParallelism !== undefined) requireMaxParallelism(maxParallelism, jobName)
  if (parallelism !== undefined) requireParallelism(parallelism, maxParallelism, `job '${jobName}'`)
  requireUniqueIds(nodes)
  requireInputsFirst(nodes)
  for (const node of nodes) {
    if (node.parallelism !== undefined) requireParallelism(node.parallelism, maxParallelism, node.id)
  }
  if (!nodes.some((node) => node.kind === 'source')) {
    throw graphError('GRAPH_NO_SOURCE', `job '${jobName}' has no source: start it with job.from('id', source)`)
  }
  if (!nodes.some((node) => node.kind === 'sink')) {
    throw graphError('GRAPH_NO_SINK', `job '${jobName}' has no sink: end a stream with .to('id', sink)`)
  }
  requireEverythingRead(nodes)
}

/** Where somebody wants a stream to feed itself. */
export const INSTEAD_OF_A_CYCLE =
  'barriers and watermarks would run in a circle, and a full channel would wait for itself. Loop inside one function, ' +
  'keep what comes back in keyed state with a timer, or send it through a topic that a source of the job reads'

function requireUniqueIds(nodes: readonly LogicalNode[]): void {
  const seen = new Set<string>()
  for (const node of nodes) {
    requireId(node.id, `a ${node.kind}`)
    if (seen.has(node.id)) throw duplicateId(node.id)
    seen.add(node.id)
  }
}

export function duplicateId(id: string) {
  return graphError(
    'GRAPH_ID_DUPLICATE',
    `two steps have the id '${id}'. An id names the state of one step in savepoints: give each its own`,
    id,
  )
}

/** The order of declaration is an order of flow, so an input that comes later closes a cycle. */
function requireInputsFirst(nodes: readonly LogicalNode[]): void {
  const declared = new Set<LogicalNode>()
  for (const node of nodes) {
    if (node.kind !== 'source') {
      for (const input of node.inputs) {
        if (declared.has(input.from)) continue
        throw nodes.includes(input.from)
          ? graphError(
              'GRAPH_CYCLE',
              `'${node.id}' reads '${input.from.id}', which depends on it, a cycle: ${INSTEAD_OF_A_CYCLE}`,
              node.id,
            )
          : graphError('GRAPH_TWO_JOBS', `'${node.id}' reads '${input.from.id}', which is of another job`, node.id)
      }
    }
    declared.add(node)
  }
}

/** A stream that goes nowhere is a forgotten `.to(...)`: dropping its rows in silence would hide that. */
function requireEverythingRead(nodes: readonly LogicalNode[]): void {
  const read = new Set<LogicalNode>()
  for (const node of nodes) {
    if (node.kind !== 'source') for (const input of node.inputs) read.add(input.from)
  }
  for (const node of nodes) {
    if (node.kind === 'sink' || read.has(node)) continue
    throw graphError(
      'GRAPH_STREAM_UNREAD',
      node.kind === 'source'
        ? `source '${node.id}' is never read: give its stream a sink with .to('id', sink), or remove it`
        : `nothing reads '${node.id}' (${node.label}): give its stream a sink with .to('id', sink), or remove the step`,
      node.id,
    )
  }
}
