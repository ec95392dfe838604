import { optionInvalid } from '../../../core/options.js'
import { parseTimePattern, type TimePattern } from './time-pattern.js'

export type Segment =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'time'; readonly pattern: TimePattern }
  | { readonly kind: 'key'; readonly name: string }

const EXPRESSION = /!\{([^}]*)\}/g
const UNDERSTOOD = '!{timestamp:...}, !{partitionKeyFromQuery:name} and !{partitionKeyFromLambda:name}'

/**
 * A prefix as Amazon Data Firehose has it, cut at its expressions. It always names folders: a `/` at its end is added.
 * @param keys names that `partitionKeys` has
 * @param constants what `!{name}` is where it is no matter of the row
 * @throws TidemarkError OPTION_INVALID, in words, for what is not understood
 */
export function parsePrefix(
  where: string,
  prefix: string,
  { keys, constants = {} }: { readonly keys: readonly string[]; readonly constants?: Readonly<Record<string, string>> },
): readonly Segment[] {
  if (typeof prefix !== 'string') throw optionInvalid(where, 'prefix is text such as year=!{timestamp:yyyy}/')
  const segments: Segment[] = []
  const text = (found: string): void => {
    if (found.includes('!{')) throw optionInvalid(where, `prefix: an expression begins in '${found}' and has no end`)
    if (found !== '') segments.push({ kind: 'text', text: found })
  }
  let at = 0
  for (const match of prefix.matchAll(EXPRESSION)) {
    text(prefix.slice(at, match.index))
    at = match.index + match[0].length
    const inside = match[1] ?? ''
    if (Object.hasOwn(constants, inside)) text(constants[inside] ?? '')
    else segments.push(expression(where, inside, keys))
  }
  text(prefix.slice(at))
  if (prefix !== '' && !prefix.endsWith('/')) segments.push({ kind: 'text', text: '/' })
  requireFolders(where, prefix, segments)
  return segments
}

function expression(where: string, inside: string, keys: readonly string[]): Segment {
  const colon = inside.indexOf(':')
  const [namespace, rest] = colon < 0 ? [inside, ''] : [inside.slice(0, colon), inside.slice(colon + 1)]
  switch (namespace) {
    case 'timestamp':
      return { kind: 'time', pattern: parseTimePattern(where, rest) }
    case 'partitionKeyFromQuery':
    case 'partitionKeyFromLambda':
      if (keys.includes(rest)) return { kind: 'key', name: rest }
      throw optionInvalid(
        where,
        `prefix: !{${inside}} needs a function of that name in partitionKeys` +
          (keys.length > 0 ? `, which has ${keys.join(', ')}` : ''),
      )
    case 'firehose':
      if (rest === 'error-output-type') {
        throw optionInvalid(where, 'prefix: !{firehose:error-output-type} belongs into errorPrefix')
      }
      throw optionInvalid(
        where,
        `prefix: !{${inside}} is not understood: names are made of the job's lineage, generation and numbers, so that ` +
          'a repeated write gets the same one',
      )
    default:
      throw optionInvalid(where, `prefix: !{${inside}} is not understood; there are ${UNDERSTOOD}`)
  }
}

/** The fixed parts must not lead out of the sink's place, nor into what readers and the sink itself set apart. */
function requireFolders(where: string, prefix: string, segments: readonly Segment[]): void {
  const shape = segments.map((segment) => (segment.kind === 'text' ? segment.text : 'x')).join('')
  if (shape === '') return
  const folders = shape.slice(0, -1).split('/')
  if (folders.includes('')) throw optionInvalid(where, `prefix: '${prefix}' has a folder without a name`)
  const hidden = folders.find((folder) => folder.startsWith('.'))
  if (hidden !== undefined || folders[0]?.startsWith('_')) {
    throw optionInvalid(where, `prefix: '${hidden ?? folders[0]}' begins with '.' or '_', which readers skip`)
  }
}
