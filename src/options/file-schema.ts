import { type JsonSchema, jsonSchemaOf } from './json-schema.js'
import { optionsSchema } from './schema.js'

/** A text that an environment variable is to take the place of. */
const PLACEHOLDER: JsonSchema = { type: 'string', pattern: '\\$\\{' }

/** The JSON Schema of an options file: the options, profiles of them, and placeholders wherever a value may stand. */
export function fileSchema(): JsonSchema {
  const options = withPlaceholders(jsonSchemaOf(optionsSchema))
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Options of offstep',
    ...options,
    properties: {
      $schema: { type: 'string' },
      profiles: { type: 'object', additionalProperties: { $ref: '#/definitions/options' } },
      ...(options.properties as JsonSchema),
    },
    definitions: { options },
  }
}

/** Text may hold a placeholder anyway; a number, a boolean or one of several words becomes either. */
function withPlaceholders(schema: JsonSchema): JsonSchema {
  const { type, properties, items, additionalProperties, anyOf } = schema
  const each = (list: unknown) => (list as readonly JsonSchema[]).map(withPlaceholders)
  if (anyOf !== undefined) return { ...schema, anyOf: each(anyOf) }
  if (items !== undefined) return { ...schema, items: withPlaceholders(items as JsonSchema) }
  if (properties !== undefined) {
    const entries = Object.entries(properties as JsonSchema)
    const open = entries.map(([name, value]) => [name, withPlaceholders(value as JsonSchema)] as const)
    return { ...schema, properties: Object.fromEntries(open) }
  }
  if (typeof additionalProperties === 'object') {
    return { ...schema, additionalProperties: withPlaceholders(additionalProperties as JsonSchema) }
  }
  const scalar = schema.enum !== undefined || type === 'number' || type === 'integer' || type === 'boolean'
  return scalar ? { anyOf: [schema, PLACEHOLDER] } : schema
}

/**
 * True where an option must be text, so that `123` out of the environment is not made a number. `path`: of the option
 * in the options.
 */
export function isText(path: readonly (string | number)[]): boolean {
  let schemas = [optionsJsonSchema()]
  for (const segment of path) schemas = schemas.flatMap(formsOf).flatMap((schema) => partOf(schema, segment))
  const forms = schemas.flatMap(formsOf)
  return forms.length > 0 && forms.every(({ type, enum: words }) => type === 'string' || words !== undefined)
}

const formsOf = (schema: JsonSchema): readonly JsonSchema[] =>
  (schema.anyOf as readonly JsonSchema[] | undefined) ?? [schema]

function partOf(schema: JsonSchema, segment: string | number): JsonSchema[] {
  const parts = (typeof segment === 'number' ? { [segment]: schema.items } : schema.properties) ?? {}
  const part = (parts as { readonly [name: string]: JsonSchema | undefined })[segment]
  return part === undefined ? [] : [part]
}

let made: JsonSchema | undefined

function optionsJsonSchema(): JsonSchema {
  made ??= jsonSchemaOf(optionsSchema)
  return made
}
