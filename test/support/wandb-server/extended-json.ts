/** A value of a line: JSON, and NaN, the infinities, and integers of any size (as bigints beyond 2^53). */
export type LineValue = unknown
export type Line = Record<string, LineValue>

/** Strings are matched so that nothing within them is taken for a number. */
const TOKENS = /"(?:[^"\\]|\\.)*"|-?Infinity|NaN|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g
const MARK = '\u0000'

/**
 * Reads a line of W&B's extended JSON as its servers do: bare NaN, Infinity and -Infinity, integers exact. Throws
 * where it is neither this nor JSON.
 */
export function parseLine(line: string): Line {
  const json = line.replace(TOKENS, (token) => {
    if (token.startsWith('"')) return token
    if (/^-?\d+$/.test(token) && Number.isSafeInteger(Number(token))) return token
    return /^-?\d+$|Infinity|NaN/.test(token) ? `"\\u0000${token}"` : token
  })
  const value: unknown = JSON.parse(json, (_key, part: unknown) => revived(part))
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Line
  throw new SyntaxError(`a line must be an object: ${line.slice(0, 100)}`)
}

function revived(part: unknown): unknown {
  if (typeof part !== 'string' || !part.startsWith(MARK)) return part
  const token = part.slice(MARK.length)
  return /^-?\d+$/.test(token) ? BigInt(token) : Number(token)
}
