import type { Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { z } from 'zod'
import { type Refusal, refuse } from './refusal.js'

const MAX_BODY_BYTES = 1024 * 1024

/** Refuses what is no JSON: a form of a foreign page cannot send that without asking first, and is never allowed to. */
export function isJson(context: Context): boolean {
  return /^application\/json\s*(;|$)/i.test(context.req.header('content-type') ?? '')
}

export const limitBody = bodyLimit({
  maxSize: MAX_BODY_BYTES,
  onError: (context) =>
    refuse(context, { status: 413, code: 'BODY_TOO_LARGE', message: `a body has at most ${MAX_BODY_BYTES} bytes` }),
})

/** Nothing at all is an empty object: every field of a body is optional. */
export async function readBody<T>(context: Context, schema: z.ZodType<T>): Promise<{ body: T } | { refusal: Refusal }> {
  const text = await context.req.text()
  let content: unknown
  try {
    content = text.trim() === '' ? {} : JSON.parse(text)
  } catch {
    return { refusal: { status: 400, code: 'BODY_MALFORMED', message: 'the body is not JSON' } }
  }
  const parsed = schema.safeParse(content)
  if (parsed.success) return { body: parsed.data }
  const faults = parsed.error.issues.map(({ path, message }) => `${path.map(String).join('.') || 'body'}: ${message}`)
  return { refusal: { status: 400, code: 'BODY_INVALID', message: faults.join('; ') } }
}
