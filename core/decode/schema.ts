import type { StandardSchemaV1 } from '@standard-schema/spec'
import { TidemarkError } from '../errors.js'

const SHOWN_ISSUES = 3

/** A function that gives the schema's output, or throws RECORD_MALFORMED naming the first few issues. */
export function validateWith<S extends StandardSchemaV1>(
  schema: S,
): (value: unknown) => StandardSchemaV1.InferOutput<S> {
  const standard = (schema as Partial<StandardSchemaV1> | undefined)?.['~standard']
  if (standard === undefined || typeof standard.validate !== 'function') {
    throw new TidemarkError({
      code: 'SCHEMA_INVALID',
      domain: 'user',
      message: `expected a Standard Schema (such as a zod schema), found ${schema === null ? 'null' : typeof schema}`,
    })
  }
  return (value) => {
    const result = standard.validate(value)
    if (result instanceof Promise) {
      // Nobody waits for it; its failure must not become an unhandled rejection.
      result.catch(() => undefined)
      throw new TidemarkError({
        code: 'SCHEMA_ASYNC',
        domain: 'user',
        message:
          `the schema (${standard.vendor}) validates asynchronously, a decoder cannot wait: ` +
          'remove its async refinements and transforms, and do that work in a later operator',
      })
    }
    if (result.issues) {
      throw new TidemarkError({
        code: 'RECORD_MALFORMED',
        domain: 'user',
        message: `does not fit the schema: ${describeIssues(result.issues)}`,
      })
    }
    return result.value
  }
}

function describeIssues(issues: readonly StandardSchemaV1.Issue[]): string {
  const shown = issues.slice(0, SHOWN_ISSUES).map((issue) => {
    const path = (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.')
    return path === '' ? issue.message : `${path}: ${issue.message}`
  })
  const more = issues.length - shown.length
  return shown.join('; ') + (more > 0 ? `; and ${more} more` : '')
}
