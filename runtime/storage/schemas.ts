import { z } from 'zod'
import { LARGEST_MAX_PARALLELISM } from '../../core/state/key-groups.js'
import { checksum } from './checksum.js'
import { isObjectName } from './object-name.js'

const inputState = z.enum(['open', 'finished', 'drained'])
const count = z.number().int().nonnegative()
const maxParallelism = z.number().int().min(1).max(LARGEST_MAX_PARALLELISM)

const checkpointRef = z.object({ id: count, generation: count, input: inputState, length: count, crc32: count })

const origin = z.object({ location: z.string(), id: count, isClaimed: z.boolean() })

const jobState = z.object({
  job: z.string(),
  lineage: z.string(),
  maxParallelism,
  generation: count,
  createdAt: z.number().optional(),
  claimedAt: z.number().optional(),
  checkpoints: z.array(checkpointRef),
  committed: count,
  origin: origin.optional(),
})

const body = z.object({ n: count, nonce: z.string(), event: z.string(), state: jobState })

/** `{ body, crc32 }`, where `body` is JSON text and the checksum is of its UTF-8 bytes. Gives the body. */
export const sealedSchema = z.string().transform((text, context) => {
  const fail = (message: string) => {
    context.issues.push({ code: 'custom', message, input: text })
    return z.NEVER
  }
  const envelope = z.object({ body: z.string(), crc32: count }).safeParse(parse(text))
  if (!envelope.success) return fail('it is not a JSON object with body and crc32')
  const found = checksum(new TextEncoder().encode(envelope.data.body))
  return found === envelope.data.crc32
    ? envelope.data.body
    : fail(`its checksum is ${found}, not ${envelope.data.crc32}`)
})

/** The text of an entry of a job's log. */
export const logEntrySchema = sealedSchema.transform((text, context) => {
  const entry = body.safeParse(parse(text))
  if (entry.success) return entry.data
  context.issues.push({
    code: 'custom',
    message: entry.error.issues[0]?.message ?? 'its body has another form',
    input: text,
  })
  return z.NEVER
})

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const group = count.max(LARGEST_MAX_PARALLELISM)
const range = z.object({ first: group, end: group })
const operatorId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'not an operator id')
/** What is read is named by a manifest that anybody may have written: nothing above the store's own root. */
const objectName = z.string().refine(isObjectName, 'not an object name')
const objectRef = z.object({ name: objectName, length: count, crc32: count })

const manifest = z.object({
  format: z.enum(['tidemark-checkpoint', 'tidemark-savepoint']),
  version: z.literal(0),
  tidemark: z.string(),
  triggeredAt: z.number(),
  job: z.string(),
  lineage: z.string(),
  generation: count,
  id: count,
  fingerprint: z.string(),
  maxParallelism,
  input: inputState,
  operators: z.array(
    z.object({
      id: operatorId,
      kind: z.enum(['source', 'operator', 'sink']),
      version: count,
      subtasks: z.array(
        z.object({
          range,
          watermark: z.number().nullable(),
          floors: z.array(range.extend({ watermark: z.number() })),
          keyed: z.array(objectRef.extend({ checkpoint: count })),
          state: objectRef.nullable(),
        }),
      ),
      enumerator: objectRef.optional(),
    }),
  ),
})

type Manifest = z.infer<typeof manifest>

/** What no schema of a part can say. Memory is taken by these numbers, and names are made of these ids. */
export const manifestSchema = manifest.superRefine((found, context) => {
  const problem = problemOf(found)
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem })
})

function problemOf({ operators, maxParallelism }: Manifest): string | undefined {
  const ids = new Set<string>()
  for (const { id, subtasks } of operators) {
    if (ids.has(id)) return `operator '${id}' is there twice`
    ids.add(id)
    let next = 0
    for (const { range, floors } of subtasks) {
      const isWrong = [range, ...floors].some(({ first, end }) => end < first || end > maxParallelism)
      if (isWrong || (range.first < next && range.first < range.end)) return `key groups of operator '${id}' are wrong`
      next = Math.max(next, range.end)
    }
  }
  return undefined
}
