import type { LogicalNode, NodeInput, Partitioning } from './node.js'

/**
 * What a savepoint compares: the steps that keep state, what they are, and what they read. Steps without state are
 * looked through, so adding, renaming or reordering them changes nothing; neither does the order of declaration, nor
 * parallelism, nor which subtask gets a record that has no key. It does not see into functions: a changed selector is the
 * user's to migrate.
 */
export function fingerprintOf(nodes: readonly LogicalNode[]): string {
  const lines = nodes.filter((node) => node.stable).map(lineOf)
  return ['tidemark-graph 1', ...lines.sort()].join('\n')
}

function lineOf(node: LogicalNode): string {
  switch (node.kind) {
    case 'source':
      return `source ${node.id} ${node.source.kind}`
    case 'sink':
      return `sink ${node.id} ${node.sink.kind} <- ${readsOf(node.inputs)}`
    default:
      return `operator ${node.id} ${node.label} <- ${readsOf(node.inputs)}`
  }
}

function readsOf(inputs: readonly NodeInput[]): string {
  const reads: string[] = []
  for (const { from, port, partitioning, input } of inputs) {
    for (const origin of originsOf(from, port)) {
      reads.push(`${origin} ${stateKept(partitioning)}${input === 0 ? '' : ` ${input}`}`)
    }
  }
  return [...new Set(reads)].sort().join(', ')
}

/** Without a key any subtask may have any record: state then depends on no way of spreading them. */
function stateKept(partitioning: Partitioning): Partitioning {
  return partitioning === 'hash' || partitioning === 'broadcast' ? partitioning : 'forward'
}

function originsOf(node: LogicalNode, port: number): readonly string[] {
  if (node.stable) return [port === 0 ? node.id : `${node.id}.${node.sideOutputs[port - 1]}`]
  return node.kind === 'source' ? [] : node.inputs.flatMap((input) => originsOf(input.from, input.port))
}
