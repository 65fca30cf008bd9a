/** What the server says of a run, in W&B's extended JSON. What cannot be read tells nothing. */

export type JsonRecord = { readonly [name: string]: unknown }

/**
 * Strings are matched so that nothing within them is taken for a number. Runs of plain characters at once: one by one
 * they would overflow the stack in a text of 10 MB.
 */
const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|-?Infinity|NaN|(?<![\d.])-?\d{16,}(?![\d.eE])/g
const MARK = '\u0000'
const MARKED = /"\\u0000([^"]*)"/g

/** The fields of an object, values as JSON again: NaN, infinities and long integers stay as they are. */
export function fieldsIn(text: string | null): [name: string, json: string][] {
  const fields = Object.entries(recordIn(text))
  return fields.map(([name, value]) => [name, JSON.stringify(value).replace(MARKED, '$1')])
}

/** Of a JSON array of lines, the newest one. */
export function lastLineIn(text: string | null): JsonRecord {
  const lines = parsed(text)
  const last: unknown = Array.isArray(lines) ? lines.at(-1) : undefined
  return recordIn(typeof last === 'string' ? last : null)
}

/** An object; what JSON has no number for is a string in there. */
export function recordIn(text: string | null): JsonRecord {
  const value = parsed(text)
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonRecord) : {}
}

function parsed(text: string | null): unknown {
  const json = (text ?? 'null').replace(TOKENS, (token) =>
    token.startsWith('"') ? token : JSON.stringify(`${MARK}${token}`),
  )
  try {
    return JSON.parse(json)
  } catch {
    // The server's own text: see above.
    return null
  }
}
