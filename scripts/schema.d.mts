import type { JsonSchema } from '../src/options/json-schema.js'

export function describedSchema(schema: JsonSchema, source: string): JsonSchema
