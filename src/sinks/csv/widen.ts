import { rmSync } from 'node:fs'
import { AppendFile } from '../file/append-file.js'

const CHUNK_BYTES = 1024 * 1024
const NEW_LINE = 0x0a
const COMMA = 0x2c

/** Where the wider file is written before it takes the place of the old one. */
export function temporaryPath(path: string): string {
  return `${path}.tmp`
}

/**
 * Replaces the file at `path` by one with the header `header` and `added` more empty cells in every row, and
 * returns it, open. It is renamed into place only when it is whole; on an error the old file is as it was.
 */
export function widen(
  file: AppendFile,
  path: string,
  oldHeader: string,
  header: string,
  added: number,
): AppendFile {
  const wider = AppendFile.create(temporaryPath(path))
  try {
    const start = Buffer.from(header)
    wider.append(start, start.length)
    copyRows(file, wider, Buffer.byteLength(oldHeader), Buffer.alloc(added, COMMA))
    wider.sync()
    wider.moveTo(path)
  } catch (error) {
    closeQuietly(wider)
    removeQuietly(temporaryPath(path))
    throw error
  }
  closeQuietly(file)
  return wider
}

/** It would take room on a disk that may be full. */
function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {
    // The next call empties it, and the next open() of the sink removes it.
  }
}

/** A file that nobody needs any more; its descriptor is gone either way. */
function closeQuietly(file: AppendFile): void {
  try {
    file.close()
  } catch {
    // There is another error to report, or none that matters.
  }
}

/** Rows hold numbers only, so each new-line byte after the header is the end of one. */
function copyRows(from: AppendFile, to: AppendFile, start: number, padding: Buffer): void {
  const source = Buffer.allocUnsafe(CHUNK_BYTES)
  const target = Buffer.allocUnsafe(CHUNK_BYTES)
  let used = 0
  const put = (bytes: Buffer, first: number, end: number) => {
    if (used + end - first > target.length) {
      to.append(target, used)
      used = 0
    }
    if (end - first > target.length) to.append(bytes.subarray(first, end), end - first)
    else used += bytes.copy(target, used, first, end)
  }
  for (let position = start; position < from.length; ) {
    const count = from.read(source, position)
    let copied = 0
    for (
      let end = source.indexOf(NEW_LINE);
      end !== -1 && end < count;
      end = source.indexOf(NEW_LINE, end + 1)
    ) {
      put(source, copied, end)
      put(padding, 0, padding.length)
      copied = end
    }
    put(source, copied, count)
    position += count
  }
  to.append(target, used)
}
