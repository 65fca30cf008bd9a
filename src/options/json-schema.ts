/**
 * A valibot schema as JSON Schema (draft 7, which editors know best), for the parts that the options are made of: what an editor
 * completes and underlines by. It may allow more than `init()` does, which checks with the schema itself; what it
 * knows nothing of, it allows.
 */
import type * as v from 'valibot'

export type JsonSchema = { readonly [keyword: string]: unknown }

/** What `forEditors()` puts into a schema. */
export type JsonSchemaNote = {
  readonly jsonSchema?: JsonSchema | (() => JsonSchema)
}

/** What is read of valibot's schemas and actions, whichever they are. */
interface Part {
  readonly kind: string
  readonly type: string
  readonly pipe?: readonly Part[]
  readonly wrapped?: Part
  readonly item?: Part
  readonly value?: Part
  readonly entries?: { readonly [name: string]: Part }
  readonly options?: readonly (Part | string | number)[]
  readonly literal?: unknown
  readonly requirement?: unknown
  readonly metadata?: JsonSchemaNote
}

export const jsonSchemaOf = (schema: v.GenericSchema<unknown>): JsonSchema =>
  ofPart(schema as unknown as Part)

function ofPart(part: Part): JsonSchema {
  if (part.pipe === undefined) return ofOne(part)
  // The first item of a pipe has the pipe's own type, but no pipe.
  return Object.assign({}, ...part.pipe.map((item) => (item === part ? ofOne(item) : ofPart(item))))
}

function ofOne(part: Part): JsonSchema {
  if (part.kind === 'metadata') return ofNote(part.metadata)
  if (part.kind === 'validation') return ofCheck(part)
  switch (part.type) {
    case 'optional':
    case 'nullish':
    case 'exact_optional':
    case 'undefinedable':
      return ofPart(part.wrapped!)
    case 'nullable':
      return { anyOf: [ofPart(part.wrapped!), { type: 'null' }] }
    case 'string':
    case 'number':
    case 'boolean':
      return { type: part.type }
    case 'picklist':
      return { enum: part.options }
    case 'literal':
      return { enum: [part.literal] }
    case 'array':
      return { type: 'array', items: ofPart(part.item!) }
    case 'record':
      return { type: 'object', additionalProperties: ofPart(part.value!) }
    case 'union':
    case 'variant':
      return { anyOf: (part.options as readonly Part[]).map(ofPart) }
    case 'object':
    case 'loose_object':
    case 'strict_object':
      return ofEntries(part.entries!)
    default:
      return {}
  }
}

function ofNote({ jsonSchema = {} }: JsonSchemaNote = {}): JsonSchema {
  return typeof jsonSchema === 'function' ? jsonSchema() : jsonSchema
}

/** Unknown names are refused by `group()`, which is made of a loose object. */
function ofEntries(entries: { readonly [name: string]: Part }): JsonSchema {
  const properties = Object.entries(entries).map(([name, part]) => [name, ofPart(part)] as const)
  return { type: 'object', properties: Object.fromEntries(properties), additionalProperties: false }
}

function ofCheck({ type, requirement }: Part): JsonSchema {
  switch (type) {
    case 'min_value':
      return { minimum: requirement }
    case 'max_value':
      return { maximum: requirement }
    case 'integer':
    case 'safe_integer':
      return { type: 'integer' }
    default:
      return {}
  }
}
