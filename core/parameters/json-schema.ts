import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec'

/** What this module reads of a JSON Schema; anything else in it is left alone. */
export interface ParameterSchema {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly properties?: Readonly<Record<string, ParameterSchema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: unknown
}

/** The schema of what a user gives, where the library can tell (Standard JSON Schema); undefined where it cannot. */
export function parameterSchemaOf(schema: StandardSchemaV1): ParameterSchema | undefined {
  const converter: Partial<StandardJSONSchemaV1.Converter> | undefined = Reflect.get(schema['~standard'], 'jsonSchema')
  if (typeof converter?.input !== 'function') return undefined
  try {
    // A parameter that JSON cannot say (a date) is then known by name, and taken as it is.
    const libraryOptions = { unrepresentable: 'any' }
    return converter.input({ target: 'draft-2020-12', libraryOptions }) as ParameterSchema
  } catch {
    // The standard allows a library to refuse. Names and types are then unknown; validation is not affected.
    return undefined
  }
}

/** Names of all parameters, those of groups as `group.name`. */
export function parameterNames(schema: ParameterSchema, prefix = ''): readonly string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
    property.properties === undefined ? [`${prefix}${name}`] : parameterNames(property, `${prefix}${name}.`),
  )
}

/** Whether a schema says on purpose that it takes names which it does not list. */
export function takesAnyName(schema: ParameterSchema): boolean {
  const { additionalProperties, properties } = schema
  return properties === undefined || (additionalProperties !== undefined && additionalProperties !== false)
}
