import fs from 'node:fs'
import path from 'node:path'
import { SimDirectory } from './directory.js'
import { errno, type SimDisk } from './disk.js'
import type { SimFile } from './file.js'

interface Open {
  readonly node: SimFile | SimDirectory
  readonly append: boolean
  position: number
}

const { O_CREAT, O_EXCL, O_TRUNC, O_APPEND } = fs.constants
const FLAGS: { readonly [flag: string]: number } = {
  r: 0,
  'r+': 0,
  w: O_CREAT | O_TRUNC,
  'w+': O_CREAT | O_TRUNC,
  wx: O_CREAT | O_EXCL,
  'wx+': O_CREAT | O_EXCL,
  a: O_CREAT | O_APPEND,
  'a+': O_CREAT | O_APPEND,
  ax: O_CREAT | O_EXCL | O_APPEND,
}

/** No descriptor of the real system is as large. */
export const FIRST_FD = 1_000_000

type Data = string | NodeJS.ArrayBufferView
type Options = { recursive?: boolean; force?: boolean; encoding?: string; flag?: string } | string | null

const encodingOf = (options?: Options): BufferEncoding | null =>
  ((typeof options === 'string' ? options : options?.encoding) ?? null) as BufferEncoding | null

const bytesOf = (data: Data): Buffer =>
  typeof data === 'string'
    ? Buffer.from(data, 'utf8')
    : Buffer.from(data.buffer, data.byteOffset, data.byteLength)

/** The synchronous calls of node:fs that offstep makes, on a simulated disk. */
export class SimCalls {
  readonly #disk: SimDisk
  readonly #open = new Map<number, Open>()
  #nextFd = FIRST_FD

  constructor(disk: SimDisk) {
    this.#disk = disk
  }

  /** What the end of a process does. */
  closeAll(): void {
    this.#open.clear()
  }

  get open(): number {
    return this.#open.size
  }

  #fd(fd: number, call: string): Open {
    const open = this.#open.get(fd)
    if (open === undefined) throw errno('EBADF', call, fd)
    return open
  }

  #file(fd: number, call: string): SimFile {
    const { node } = this.#fd(fd, call)
    if (node.kind !== 'file') throw errno('EISDIR', call, fd)
    return node
  }

  openSync = (file: string, flags: string | number = 'r'): number => {
    const bits = typeof flags === 'number' ? flags : FLAGS[flags]
    if (bits === undefined) throw new Error(`The simulated openSync does not know the flags '${flags}'`)
    let node = this.#disk.find(file)
    if (node !== undefined && bits & O_EXCL) throw errno('EEXIST', 'open', file)
    if (node === undefined) {
      const { directory, name } = this.#disk.parent(file, 'open')
      if (!(bits & O_CREAT)) throw errno('ENOENT', 'open', file)
      this.#disk.tick()
      if (this.#disk.fails(this.#disk.faults.fullDisk)) throw errno('ENOSPC', 'open', file)
      node = this.#disk.newFile()
      SimDirectory.change({ directory, name, node })
    } else if (bits & O_TRUNC && node.kind === 'file') {
      this.#disk.tick()
      node.truncate(0)
    }
    const fd = this.#nextFd++
    this.#open.set(fd, { node, append: (bits & O_APPEND) !== 0, position: 0 })
    return fd
  }

  closeSync = (fd: number): void => {
    if (!this.#open.delete(fd)) throw errno('EBADF', 'close', fd)
  }

  writeSync = (
    fd: number,
    data: Data,
    offset?: number | null,
    length?: number | null | string,
    position?: number | null,
  ): number => {
    const open = this.#fd(fd, 'write')
    const node = this.#file(fd, 'write')
    this.#disk.tick()
    const { fullDisk, shortWrite } = this.#disk.faults
    if (this.#disk.fails(fullDisk)) throw errno('ENOSPC', 'write', fd)
    let bytes = bytesOf(data)
    let at = position
    if (typeof data === 'string') at = offset
    else bytes = bytes.subarray(offset ?? 0, (offset ?? 0) + (Number(length) || bytes.length))
    if (bytes.length > 1 && this.#disk.fails(shortWrite)) {
      bytes = bytes.subarray(0, this.#disk.random.int(1, bytes.length - 1))
    }
    const from = open.append ? node.size : (at ?? open.position)
    node.write(bytes, from)
    if (at === undefined || at === null) open.position = from + bytes.length
    return bytes.length
  }

  readSync = (
    fd: number,
    into: NodeJS.ArrayBufferView,
    offset = 0,
    length = into.byteLength - offset,
    position: number | bigint | null = null,
  ): number => {
    const open = this.#fd(fd, 'read')
    const node = this.#file(fd, 'read')
    const at = position === null || Number(position) < 0 ? open.position : Number(position)
    const end = Math.min(at + length, node.size)
    const read = at < end ? node.content.copy(bytesOf(into), offset, at, end) : 0
    if (position === null) open.position = at + read
    return read
  }

  readFileSync = (file: string | number, options?: Options): string | Buffer => {
    const node = typeof file === 'number' ? this.#file(file, 'read') : this.#disk.find(file)
    if (node === undefined) throw errno('ENOENT', 'open', file)
    if (node.kind !== 'file') throw errno('EISDIR', 'read', file)
    const encoding = encodingOf(options)
    return encoding === null ? Buffer.from(node.content) : node.content.toString(encoding)
  }

  writeFileSync = (file: string | number, data: Data, options?: Options): void => {
    const flag = (typeof options === 'object' ? options?.flag : undefined) ?? 'w'
    const fd = typeof file === 'number' ? file : this.openSync(file, flag)
    const bytes = bytesOf(data)
    try {
      for (let done = 0; done < bytes.length; ) done += this.writeSync(fd, bytes, done, bytes.length - done)
    } finally {
      if (fd !== file) this.closeSync(fd)
    }
  }

  appendFileSync = (file: string, data: Data): void => this.writeFileSync(file, data, { flag: 'a' })

  fsyncSync = (fd: number): void => {
    const { node } = this.#fd(fd, 'fsync')
    this.#disk.tick()
    if (node.kind === 'file' && this.#disk.fails(this.#disk.faults.failedSync)) {
      node.failSync(this.#disk.random, this.#disk.faults.forgetful)
      throw errno('EIO', 'fsync', fd)
    }
    node.sync()
  }

  fdatasyncSync = this.fsyncSync

  ftruncateSync = (fd: number, length = 0): void => {
    const node = this.#file(fd, 'ftruncate')
    this.#disk.tick()
    node.truncate(length)
  }

  truncateSync = (file: string, length = 0): void => {
    const fd = this.openSync(file, 'r+')
    try {
      this.ftruncateSync(fd, length)
    } finally {
      this.closeSync(fd)
    }
  }

  statSync = (file: string, options?: { throwIfNoEntry?: boolean }): unknown => {
    const node = this.#disk.find(file)
    if (node !== undefined) return stats(node)
    if (options?.throwIfNoEntry === false) return undefined
    throw errno('ENOENT', 'stat', file)
  }

  lstatSync = this.statSync

  fstatSync = (fd: number): unknown => stats(this.#fd(fd, 'fstat').node)

  existsSync = (file: string): boolean => this.#disk.find(file) !== undefined

  statfsSync = (): unknown => ({
    type: 0,
    bsize: 4096,
    blocks: 1e6,
    bfree: 1e6,
    bavail: 1e6,
    files: 0,
    ffree: 0,
  })

  renameSync = (from: string, to: string): void => {
    const node = this.#disk.find(from)
    if (node === undefined) throw errno('ENOENT', 'rename', from)
    const [source, target] = [this.#disk.parent(from, 'rename'), this.#disk.parent(to, 'rename')]
    this.#disk.tick()
    SimDirectory.change({ ...source, node: null }, { ...target, node })
  }

  linkSync = (from: string, to: string): void => {
    const node = this.#disk.find(from)
    if (node === undefined) throw errno('ENOENT', 'link', from)
    if (this.existsSync(to)) throw errno('EEXIST', 'link', to)
    this.#disk.tick()
    SimDirectory.change({ ...this.#disk.parent(to, 'link'), node })
  }

  unlinkSync = (file: string): void => {
    const node = this.#disk.find(file)
    if (node === undefined) throw errno('ENOENT', 'unlink', file)
    if (node.kind === 'directory') throw errno('EPERM', 'unlink', file)
    this.#disk.tick()
    SimDirectory.change({ ...this.#disk.parent(file, 'unlink'), node: null })
  }

  rmSync = (file: string, options?: { force?: boolean; recursive?: boolean }): void => {
    const node = this.#disk.find(file)
    if (node === undefined) {
      if (options?.force) return
      throw errno('ENOENT', 'rm', file)
    }
    if (node.kind === 'directory') {
      if (!options?.recursive) throw errno('EISDIR', 'rm', file)
      for (const name of [...node.live.keys()]) this.rmSync(path.join(file, name), options)
    }
    this.#disk.tick()
    SimDirectory.change({ ...this.#disk.parent(file, 'rm'), node: null })
  }

  mkdirSync = (file: string, options?: { recursive?: boolean }): string | undefined => {
    const node = this.#disk.find(file)
    if (node !== undefined) {
      if (options?.recursive && node.kind === 'directory') return undefined
      throw errno('EEXIST', 'mkdir', file)
    }
    const above = path.dirname(file)
    const first = options?.recursive && !this.existsSync(above) ? this.mkdirSync(above, options) : undefined
    this.#disk.tick()
    SimDirectory.change({ ...this.#disk.parent(file, 'mkdir'), node: this.#disk.newDirectory() })
    return options?.recursive ? (first ?? file) : undefined
  }

  readdirSync = (file: string, options?: { withFileTypes?: boolean }): unknown[] => {
    const node = this.#disk.find(file)
    if (node === undefined) throw errno('ENOENT', 'scandir', file)
    if (node.kind !== 'directory') throw errno('ENOTDIR', 'scandir', file)
    if (!options?.withFileTypes) return [...node.live.keys()]
    return [...node.live].map(([name, entry]) => ({ name, parentPath: file, ...kindOf(entry) }))
  }
}

const kindOf = (node: SimFile | SimDirectory) => ({
  isFile: () => node.kind === 'file',
  isDirectory: () => node.kind === 'directory',
  isSymbolicLink: () => false,
})

const stats = (node: SimFile | SimDirectory) => ({
  ...kindOf(node),
  size: node.kind === 'file' ? node.size : 4096,
  mtimeMs: node.mtimeMs,
  ino: 0,
  nlink: 1,
  dev: 0,
})
