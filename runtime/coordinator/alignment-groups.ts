import type { Logger } from '../../core/context.js'
import type { SourceNode } from '../../core/graph/node.js'
import { AlignmentGroup } from '../task/alignment-group.js'

/** One group for each name that a watermark strategy of the job gives. */
export function alignmentGroups(sources: readonly SourceNode[], logger: Logger): ReadonlyMap<string, AlignmentGroup> {
  const members = new Map<string, string[]>()
  for (const { id, watermarks } of sources) {
    const group = watermarks.alignmentGroup
    if (group !== undefined) members.set(group, [...(members.get(group) ?? []), id])
  }
  for (const [group, [id, ...others]] of members) {
    // Most likely a slip of the pen: nothing else would ever show it.
    if (others.length === 0) logger.warn('an alignment group has one source, which waits for no other', { group, id })
  }
  return new Map([...members.keys()].map((group) => [group, new AlignmentGroup()]))
}
