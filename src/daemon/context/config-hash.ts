import { createHash } from 'node:crypto'
import { jsonText, toJson } from '../../record/to-json.js'

/**
 * The text of `toJson()` without white space, keys sorted by UTF-16 code units, numbers as JavaScript writes
 * them (RFC 8785): equal for equal configurations, whatever the order in which they were written.
 */
export function canonicalJson(value: unknown): string {
  return jsonText(toJson(value))
}

/** SHA-256 of the canonical JSON in UTF-8, as 64 hex digits. */
export function hashConfig(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex')
}
