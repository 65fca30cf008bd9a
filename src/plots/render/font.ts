import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/** The TrueType files that plots are drawn with. They come with the package: a server may have no fonts at all. */
export const FONT_FILES: readonly string[] = ['DejaVuSans', 'DejaVuSans-Bold'].map((name) =>
  require.resolve(`dejavu-fonts-ttf/ttf/${name}.ttf`),
)

/** Widths of characters as parts of the font's size, by their code. */
export type Widths = (code: number) => number

/** Reads the widths of a TrueType font (tables cmap format 4, hmtx). Blocks, for a millisecond. */
export function readWidths(file: string): Widths {
  const bytes = readFileSync(file)
  const tables = new Map<string, number>()
  for (let table = 0; table < bytes.readUInt16BE(4); table++) {
    const entry = 12 + table * 16
    tables.set(bytes.toString('latin1', entry, entry + 4), bytes.readUInt32BE(entry + 8))
  }
  const [head, hhea, hmtx, cmap] = ['head', 'hhea', 'hmtx', 'cmap'].map((name) => tables.get(name)!)
  const unitsPerEm = bytes.readUInt16BE(head! + 18)
  const longMetrics = bytes.readUInt16BE(hhea! + 34)
  const glyphOf = readCmap(bytes, cmap!)
  return (code) => {
    const glyph = Math.min(glyphOf(code), longMetrics - 1)
    return bytes.readUInt16BE(hmtx! + glyph * 4) / unitsPerEm
  }
}

/** The glyph of a character of the basic plane; 0, the glyph for "missing", for any other. */
function readCmap(bytes: Buffer, cmap: number): (code: number) => number {
  const table = cmap + bytes.readUInt32BE(findFormat4(bytes, cmap) + 4)
  const doubled = bytes.readUInt16BE(table + 6)
  const [ends, starts] = [table + 14, table + 16 + doubled]
  const [deltas, ranges] = [starts + doubled, starts + 2 * doubled]
  return (code) => {
    for (let at = 0; at < doubled; at += 2) {
      if (bytes.readUInt16BE(ends + at) < code) continue
      const start = bytes.readUInt16BE(starts + at)
      if (start > code) return 0
      const range = bytes.readUInt16BE(ranges + at)
      const delta = bytes.readUInt16BE(deltas + at)
      if (range === 0) return (code + delta) & 0xffff
      const glyph = bytes.readUInt16BE(ranges + at + range + (code - start) * 2)
      return glyph === 0 ? 0 : (glyph + delta) & 0xffff
    }
    return 0
  }
}

function findFormat4(bytes: Buffer, cmap: number): number {
  for (let table = 0; table < bytes.readUInt16BE(cmap + 2); table++) {
    const entry = cmap + 4 + table * 8
    if (bytes.readUInt16BE(cmap + bytes.readUInt32BE(entry + 4)) === 4) return entry
  }
  throw new Error('the font has no table of characters')
}
