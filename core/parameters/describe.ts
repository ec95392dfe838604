import type { StandardSchemaV1 } from '@standard-schema/spec'
import { type ParameterSchema, parameterSchemaOf } from './json-schema.js'
import { variableOf } from './layers.js'

export interface ParameterDescription {
  /** As `--param` takes it: `top`, `source.stream`. */
  readonly name: string
  /** `number`, `string`, `a | b`; `any` where the schema does not say. */
  readonly type: string
  readonly description: string | undefined
  readonly required: boolean
  /** Undefined: none. */
  readonly default: unknown
  /** The environment variable that sets it. */
  readonly variable: string
}

/**
 * A job's parameters, for `--help`. Undefined when the schema cannot tell its names: only a library that has Standard
 * JSON Schema (zod 4.2 or later, arktype, valibot with @valibot/to-json-schema) can.
 */
export function describeParameters(schema: StandardSchemaV1 | undefined): readonly ParameterDescription[] | undefined {
  if (schema === undefined) return []
  const shape = parameterSchemaOf(schema)
  return shape?.properties === undefined ? undefined : describe(shape, '', true)
}

function describe(schema: ParameterSchema, prefix: string, isRequired: boolean): readonly ParameterDescription[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, property]) => {
    const name = `${prefix}${key}`
    const required = isRequired && (schema.required ?? []).includes(key)
    if (property.properties !== undefined) return describe(property, `${name}.`, required)
    return [
      {
        name,
        type: typeOf(property),
        description: property.description,
        required,
        default: property.default,
        variable: variableOf(name),
      },
    ]
  })
}

function typeOf(schema: ParameterSchema): string {
  if (schema.enum !== undefined) return schema.enum.map(String).join(' | ')
  if (schema.type === undefined) return 'any'
  return typeof schema.type === 'string' ? schema.type : schema.type.join(' | ')
}
