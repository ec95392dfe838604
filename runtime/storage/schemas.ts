import { z } from 'zod'
import { checksum } from './checksum.js'

const inputState = z.enum(['open', 'finished', 'drained'])
const count = z.number().int().nonnegative()

const checkpointRef = z.object({ id: count, generation: count, input: inputState, length: count, crc32: count })

const jobState = z.object({
  job: z.string(),
  lineage: z.string(),
  maxParallelism: count,
  generation: count,
  checkpoints: z.array(checkpointRef),
  committed: count,
})

const body = z.object({ n: count, nonce: z.string(), event: z.string(), state: jobState })

/** The text of a log entry: `{ body, crc32 }`, where `body` is JSON text and the checksum is of its UTF-8 bytes. */
export const logEntrySchema = z.string().transform((text, context) => {
  const fail = (message: string) => {
    context.issues.push({ code: 'custom', message, input: text })
    return z.NEVER
  }
  const envelope = z.object({ body: z.string(), crc32: count }).safeParse(parse(text))
  if (!envelope.success) return fail('it is not a JSON object with body and crc32')
  const found = checksum(new TextEncoder().encode(envelope.data.body))
  if (found !== envelope.data.crc32) return fail(`its checksum is ${found}, not ${envelope.data.crc32}`)
  const entry = body.safeParse(parse(envelope.data.body))
  return entry.success ? entry.data : fail(entry.error.issues[0]?.message ?? 'its body has another form')
})

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const range = z.object({ first: count, end: count })
const objectRef = z.object({ name: z.string(), length: count, crc32: count })

export const manifestSchema = z.object({
  format: z.literal('tidemark-checkpoint'),
  version: z.literal(0),
  job: z.string(),
  lineage: z.string(),
  generation: count,
  id: count,
  fingerprint: z.string(),
  maxParallelism: count,
  input: inputState,
  operators: z.array(
    z.object({
      id: z.string(),
      kind: z.enum(['source', 'operator', 'sink']),
      subtasks: z.array(
        z.object({
          range,
          watermark: z.number().nullable(),
          floors: z.array(range.extend({ watermark: z.number() })),
          state: objectRef.nullable(),
        }),
      ),
      enumerator: objectRef.optional(),
    }),
  ),
})
