import fs from 'node:fs'
import type { JournalFs } from '../../../src/journal/files.js'

export type CallName = keyof JournalFs
/**
 * What becomes of a call: an error's code; for a write 'short', half of its bytes; 'after', done and then an error,
 * as where the thread is ended behind it. Undefined: what it should do.
 */
export type Fault = string | 'short' | 'after' | undefined

export function errno(code: string, call: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: injected, ${call}`), { code, syscall: call })
}

/**
 * The real file system, where the test decides of every call whether it fails. After a failed fdatasync the
 * file forgets what was written since the last one that succeeded, as a disk may (Rebello et al., ATC 2020).
 */
export class FaultyFs implements JournalFs {
  readonly calls: CallName[] = []
  readonly #files = new Map<number, { from: number; to: number }>()

  constructor(readonly decide: (call: CallName, index: number) => Fault) {}

  /** Descriptors that were opened and not closed. */
  get open(): number {
    return this.#files.size
  }

  /** What the process of a thread that ended does in the end. */
  closeAll(): void {
    for (const fd of this.#files.keys()) fs.closeSync(fd)
    this.#files.clear()
  }

  #call<T>(name: CallName, run: (fault: Fault) => T): T {
    const fault = this.decide(name, this.calls.push(name) - 1)
    if (fault === 'after') {
      run(undefined)
      throw errno('ENDED', name)
    }
    if (fault !== undefined && fault !== 'short') {
      if (name === 'closeSync') run(undefined)
      throw errno(fault, name)
    }
    return run(fault)
  }

  openSync(path: string, flags: string): number {
    return this.#call('openSync', () => {
      const fd = fs.openSync(path, flags)
      this.#files.set(fd, { from: Number.POSITIVE_INFINITY, to: 0 })
      return fd
    })
  }

  closeSync(fd: number): void {
    this.#call('closeSync', () => {
      fs.closeSync(fd)
      this.#files.delete(fd)
    })
  }

  writeSync(fd: number, buffer: Uint8Array, offset: number, length: number, position: number): number {
    return this.#call('writeSync', (fault) => {
      const bytes = fault === 'short' ? Math.ceil(length / 2) : length
      const unsynced = this.#files.get(fd)!
      unsynced.from = Math.min(unsynced.from, position)
      unsynced.to = Math.max(unsynced.to, position + bytes)
      return fs.writeSync(fd, buffer, offset, bytes, position)
    })
  }

  fdatasyncSync(fd: number): void {
    const unsynced = this.#files.get(fd)!
    try {
      this.#call('fdatasyncSync', () => {})
      unsynced.from = Number.POSITIVE_INFINITY
    } catch (error) {
      const length = unsynced.to - unsynced.from
      // A thread that ends takes nothing from the page cache.
      if (length > 0 && (error as NodeJS.ErrnoException).code !== 'ENDED')
        fs.writeSync(fd, new Uint8Array(length), 0, length, unsynced.from)
      throw error
    }
  }

  fsyncSync(_fd: number): void {
    this.#call('fsyncSync', () => {})
  }

  mkdirSync(path: string, options: { recursive: true }): unknown {
    return this.#call('mkdirSync', () => fs.mkdirSync(path, options))
  }

  readdirSync(path: string): string[] {
    return this.#call('readdirSync', () => fs.readdirSync(path))
  }

  unlinkSync(path: string): void {
    this.#call('unlinkSync', () => fs.unlinkSync(path))
  }
}
