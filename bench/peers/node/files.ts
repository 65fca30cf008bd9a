import fs from 'node:fs'
import path from 'node:path'

/** Where peers that write one file write it. */
export const logFile = (dir: string): string => path.join(dir, 'log')

/** Lines between two that are looked at closely. */
const SAMPLE = 1000
const NEW_LINE = 10

/** Whole lines of a JSON log that have `key`. Throws where one of a sample is not JSON. */
export function jsonLines(file: string, key: string): number {
  const marker = Buffer.from(`"${key}":`)
  let rows = 0
  for (const line of lines(file)) {
    if (!line.includes(marker)) continue
    if (rows % SAMPLE === 0) JSON.parse(line.toString())
    rows++
  }
  return rows
}

/** Whole lines below the header. Throws where one of a sample has another number of fields. */
export function csvLines(file: string): number {
  const fields = (line: Buffer): number => line.toString().split(',').length
  let columns = 0
  let rows = -1
  for (const line of lines(file)) {
    if (rows < 0) columns = fields(line)
    else if (rows % SAMPLE === 0 && fields(line) !== columns)
      throw new Error(`Line ${rows + 2} of ${file} has not ${columns} fields`)
    rows++
  }
  return Math.max(0, rows)
}

/** Each without its end, and valid until the next one is asked for; a last one that has no end is left out. */
function* lines(file: string): Generator<Buffer> {
  const fd = fs.openSync(file, 'r')
  try {
    let rest = Buffer.alloc(0)
    const part = Buffer.alloc(2 ** 20)
    for (let length = fs.readSync(fd, part); length > 0; length = fs.readSync(fd, part)) {
      const bytes = Buffer.concat([rest, part.subarray(0, length)])
      let from = 0
      for (let end = bytes.indexOf(NEW_LINE); end >= 0; end = bytes.indexOf(NEW_LINE, from)) {
        yield bytes.subarray(from, end)
        from = end + 1
      }
      rest = bytes.subarray(from)
    }
  } finally {
    fs.closeSync(fd)
  }
}

/** Of all files below `dir`. */
export function bytesBelow(dir: string): number {
  let bytes = 0
  for (const entry of fs.readdirSync(dir, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) bytes += fs.statSync(path.join(entry.parentPath, entry.name)).size
  }
  return bytes
}
