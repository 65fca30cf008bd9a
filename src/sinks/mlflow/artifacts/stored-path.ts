import { createHash } from 'node:crypto'
import { posix } from 'node:path'

const HASH_DIGITS = 8
/** File systems have room for 255 bytes. */
const MAX_NAME_BYTES = 200
/** Servers decode a `%` once more, and refuse a `#`. */
const CHANGED = /[%#\p{Cc}]/gu
/** What every file system takes. */
const PLAIN = /[^a-zA-Z0-9._-]/g
const MAX_PLAIN = 60

/**
 * A file's path as MLflow keeps it. A part with `%`, `#` or a control character, or of over 200 bytes, is changed, and has
 * a part of its hash before its extension, so that no two paths become one.
 */
export const storedPath = (path: string): string => path.split('/').map(storedName).join('/')

/** Where a file goes whose path a server cannot keep: it has a directory with that name, say. */
export function plainPath(path: string): string {
  const name = posix.basename(path).replace(PLAIN, '_').slice(-MAX_PLAIN)
  return `other-paths/${hashOf(path)}-${name}`
}

function storedName(name: string): string {
  const safe = name.replace(CHANGED, '_')
  if (safe === name && Buffer.byteLength(name) <= MAX_NAME_BYTES) return name
  const extension = posix.extname(safe)
  const kept = Buffer.byteLength(extension) <= MAX_PLAIN ? extension : ''
  const stem = kept === '' ? safe : safe.slice(0, -kept.length)
  return `${cutBytes(stem, MAX_NAME_BYTES - MAX_PLAIN)}-${hashOf(name)}${kept}`
}

/** At most so many bytes of UTF-8, and no half of a character. */
function cutBytes(text: string, bytes: number): string {
  const data = Buffer.from(text)
  return data.length <= bytes ? text : new TextDecoder().decode(data.subarray(0, bytes), { stream: true })
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, HASH_DIGITS)
