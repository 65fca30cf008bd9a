import { Buffer } from 'node:buffer'

const BLOCK_BYTES = 512
/** What a field of the old format holds; longer ones go to a header of their own (POSIX.1-2001, "pax"). */
const NAME_BYTES = 100
const SIZE_LIMIT = 8 * 1024 ** 3

export interface TarEntry {
  /** Relative, with `/`; a directory's ends with one. */
  readonly name: string
  /** 0 for a directory. */
  readonly size: number
  /** Permission bits. */
  readonly mode: number
  /** Milliseconds since the epoch. */
  readonly modified: number
}

/** What goes before the content of an entry. */
export function tarHeader(entry: TarEntry): Buffer {
  const records = [
    ...(Buffer.byteLength(entry.name) > NAME_BYTES ? [paxRecord('path', entry.name)] : []),
    ...(entry.size >= SIZE_LIMIT ? [paxRecord('size', String(entry.size))] : []),
  ]
  const own = header(entry, entry.name.endsWith('/') ? '5' : '0')
  if (records.length === 0) return own
  const content = Buffer.concat(records)
  const pax = { name: 'PaxHeader', size: content.length, mode: 0o644, modified: entry.modified }
  return Buffer.concat([header(pax, 'x'), content, tarPadding(content.length), own])
}

/** What goes behind a content of this size. */
export const tarPadding = (size: number): Buffer =>
  Buffer.alloc((BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES)

/** What ends an archive. */
export const TAR_END = Buffer.alloc(2 * BLOCK_BYTES)

function header({ name, size, mode, modified }: TarEntry, type: '0' | '5' | 'x'): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES)
  Buffer.from(name).copy(block, 0, 0, NAME_BYTES)
  octal(block, mode & 0o7777, 100, 8)
  octal(block, 0, 108, 8)
  octal(block, 0, 116, 8)
  octal(block, size >= SIZE_LIMIT ? 0 : size, 124, 12)
  octal(block, Math.max(0, Math.floor(modified / 1000)), 136, 12)
  block.write(type, 156, 'latin1')
  block.write('ustar\0' + '00', 257, 'latin1')
  // Of all bytes of the header, its own being spaces.
  block.fill(' ', 148, 156)
  octal(
    block,
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  )
  return block
}

const octal = (block: Buffer, value: number, at: number, bytes: number): void =>
  void block.write(value.toString(8).padStart(bytes - 1, '0'), at, bytes - 1, 'latin1')

/** `27 path=some/very/long/name\n`: the number is the length of all of it, and counts itself. */
function paxRecord(key: string, value: string): Buffer {
  const rest = ` ${key}=${value}\n`
  const bytes = Buffer.byteLength(rest)
  let length = bytes + String(bytes).length
  length = bytes + String(length).length
  return Buffer.from(`${length}${rest}`)
}
