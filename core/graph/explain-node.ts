import { formatDuration, millis } from '../duration.js'
import { unreachable } from '../errors.js'
import type { WatermarkStrategy } from '../time/watermark-strategy.js'
import type { LogicalNode, Partitioning } from './node.js'

/** One line about a node: `source kinesis, taxi from the horizon, watermarks: markers`. */
export function describeNode(node: LogicalNode): string {
  const parts = [titleOf(node)]
  if (node.details !== undefined) parts.push(node.details)
  if (node.kind === 'source') parts.push(`watermarks: ${node.watermarks.kind}`, ...alignmentOf(node.watermarks))
  if (node.kind === 'sink') parts.push(node.sink.guarantee)
  if (node.parallelism !== undefined) parts.push(`parallelism ${node.parallelism}`)
  if (node.chaining !== undefined) parts.push(node.chaining === 'new' ? 'begins a task' : 'a task of its own')
  return parts.join(', ')
}

function titleOf(node: LogicalNode): string {
  switch (node.kind) {
    case 'source':
      return `source ${node.label}`
    case 'sink':
      return `sink ${node.label}`
    case 'operator':
      return node.label
    default:
      return unreachable(node)
  }
}

function alignmentOf({ maxDriftMs, alignmentGroup }: WatermarkStrategy<never>): readonly string[] {
  if (maxDriftMs === undefined) return []
  const slowest = alignmentGroup === undefined ? 'its slowest split' : `the slowest split of group ${alignmentGroup}`
  return [`at most ${formatDuration(millis(maxDriftMs))} ahead of ${slowest}`]
}

/** `trips`, or `trips.late` for a side output. */
export function outputName(node: LogicalNode, port: number): string {
  return port === 0 ? node.id : `${node.id}.${node.sideOutputs[port - 1]}`
}

/** What to write on an edge: the side output it carries and how rows are spread. */
export function edgeLabel(node: LogicalNode, port: number, partitioning: Partitioning): string {
  const parts = [
    ...(port === 0 ? [] : [node.sideOutputs[port - 1]!]),
    ...(partitioning === 'forward' ? [] : [partitioning]),
  ]
  return parts.join(', ')
}
