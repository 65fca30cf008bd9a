/** What W&B's own clients put into a name: enough of the SHA-256 that no two files have one name. */
const HASH_DIGITS = 20
/** File systems have room for 255 bytes, which also hold step, hash and extension. */
const MAX_SEGMENT_BYTES = 160

/** Path of a media file among a run's files: `media/images/<key>_<step>_<hash>.png`; a `/` in the key is a directory. */
export function mediaFileName(
  directory: string,
  key: string,
  step: number,
  sha256: string,
  extension: string,
): string {
  return `media/${directory}/${safePath(key)}_${step}_${sha256.slice(0, HASH_DIGITS)}.${extension}`
}

/** A name as a relative path that every file system takes. Names come from users: it must not lead out of its directory. */
export function safePath(name: string): string {
  const segments = name.split('/').filter((segment) => segment !== '')
  return segments.map(safeSegment).join('/') || '_'
}

function safeSegment(segment: string): string {
  const safe = segment
    .replace(/^\.+$/, (dots) => '_'.repeat(dots.length))
    .replace(/[\p{Cc}\p{Cs}\\:*?"<>|]/gu, '_')
  // No more characters than bytes.
  let cut = safe.slice(0, MAX_SEGMENT_BYTES)
  while (Buffer.byteLength(cut) > MAX_SEGMENT_BYTES) cut = cut.slice(0, -1)
  // No half of a character at the end.
  return cut.replace(/[\uD800-\uDBFF]$/, '')
}
