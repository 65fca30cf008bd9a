import fs from 'node:fs'
import { patchFs } from './patch-fs.js'

/** One file call below the directory that is watched. */
export interface Call {
  readonly index: number
  /** As in node:fs. */
  readonly name: string
  /** The file's path below the directory. */
  readonly path: string
  /** Takes room on the disk, or makes a name. */
  readonly writes: boolean
  /** Looks a path up. */
  readonly looksUp: boolean
  /** Needs a descriptor. */
  readonly opens: boolean
}

/**
 * - an error's code: the call fails and does nothing (but a descriptor is closed all the same)
 * - `short`: a write takes half of its bytes
 * - `torn`: a write takes half of its bytes, and the next write of anything fails with ENOSPC
 * - `lost`: an fsync or fdatasync fails with EIO, and what it was to make durable is zeros (Rebello et al., ATC 2020)
 * - `dies-before`, `dies-after`: the process is killed there; nothing after it is done
 */
export type Fault = string | undefined

/** No error of the file system: nothing is to treat it as one. */
export class Died extends Error {
  constructor() {
    super('the process is dead')
  }
}

const OPENING = /^(open|readFile|writeFile|appendFile|readdir|opendir|copyFile|truncate)Sync$/
const MAKING = /^(mkdir|mkdtemp|rename|link|symlink|copyFile|appendFile)Sync$/
const EVERY_SYNC = Object.keys(fs).filter((name) => /Sync$/.test(name) && name !== 'existsSync')

export function errno(code: string, call: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: injected, ${call}`), { code, syscall: call })
}

type Raw = (...args: unknown[]) => unknown
interface OpenFile {
  readonly path: string
  /** What was written since the last sync. */
  dirty: { from: number; to: number } | null
}

/** Watches all synchronous file calls of this thread below one directory, and lets `decide` spoil them. */
export class FaultyCalls {
  readonly calls: Call[] = []
  readonly #directory: string
  readonly #open = new Map<number, OpenFile>()
  readonly #real: { readonly [name: string]: Raw }
  readonly #restore: () => void
  #decide: (call: Call) => Fault
  #torn = false
  #dead = false
  /** Above 0 inside of a file call (node:fs calls itself), and where the test looks at files. */
  #depth = 0

  constructor(directory: string, decide: (call: Call) => Fault = () => undefined) {
    this.#directory = directory
    this.#decide = decide
    const all = fs as unknown as Record<string, Raw>
    this.#real = Object.fromEntries(EVERY_SYNC.map((name) => [name, all[name]!]))
    this.#restore = patchFs(
      Object.fromEntries(
        EVERY_SYNC.map((name) => [name, (...args: unknown[]) => this.#intercept(name, args)]),
      ),
    )
  }

  get dead(): boolean {
    return this.#dead
  }

  /** Files that were opened and not closed. */
  get open(): string[] {
    return [...this.#open.values()].map(({ path }) => path)
  }

  /** From now on every call succeeds. */
  mend(): void {
    this.#decide = () => undefined
    this.#torn = false
  }

  /** What the system does for a process that has ended. Returns how many calls there were; its successor may go on. */
  bury(): number {
    for (const fd of this.#open.keys()) this.#real.closeSync!(fd)
    this.#open.clear()
    this.#dead = false
    this.#torn = false
    return this.calls.length
  }

  /** The test's own look at the files: not counted, and never spoilt. */
  unwatched<T>(look: () => T): T {
    this.#depth++
    try {
      return look()
    } finally {
      this.#depth--
    }
  }

  remove(): void {
    this.#restore()
    for (const fd of this.#open.keys()) this.#real.closeSync!(fd)
  }

  #intercept(name: string, args: unknown[]): unknown {
    const path = this.#pathOf(args[0])
    if (this.#depth > 0 || path === null) return this.#real[name]!(...args)
    if (this.#dead) throw new Died()
    const call = describe(this.calls.length, name, path, args)
    this.calls.push(call)
    const full = this.#torn && call.writes
    if (full) this.#torn = false
    const fault = full ? 'ENOSPC' : this.#decide(call)
    this.#depth++
    try {
      return this.#run(call, args, fault)
    } finally {
      this.#depth--
    }
  }

  #pathOf(target: unknown): string | null {
    if (typeof target === 'number') return this.#open.get(target)?.path ?? null
    if (typeof target !== 'string' || !target.startsWith(this.#directory)) return null
    return target.slice(this.#directory.length + 1)
  }

  #run(call: Call, args: unknown[], fault: Fault): unknown {
    const { name } = call
    switch (fault) {
      case undefined:
        return this.#do(call, args)
      case 'dies-before':
        this.#dead = true
        throw new Died()
      case 'dies-after':
        this.#dead = true
        try {
          this.#do(call, args)
        } catch {
          // Nobody is there to be told.
        }
        throw new Died()
      case 'torn':
        this.#torn = true
        if (name === 'writeSync') return this.#do(call, half(args))
        this.#real.writeFileSync!(args[0], (args[1] as string).slice(0, (args[1] as string).length / 2))
        throw errno('ENOSPC', name)
      case 'short':
        return this.#do(call, half(args))
      case 'lost':
        this.#loseUnsynced(args[0] as number)
        throw errno('EIO', name)
      default:
        if (name === 'closeSync') this.#do(call, args)
        throw errno(fault, name)
    }
  }

  #do({ name, path }: Call, args: unknown[]): unknown {
    const result = this.#real[name]!(...args)
    const fd = args[0] as number
    if (name === 'openSync') this.#open.set(result as number, { path, dirty: null })
    if (name === 'closeSync') this.#open.delete(fd)
    if (name === 'writeSync' && typeof args[4] === 'number') {
      const file = this.#open.get(fd)!
      const { from, to } = file.dirty ?? { from: args[4], to: 0 }
      file.dirty = { from: Math.min(from, args[4]), to: Math.max(to, args[4] + (result as number)) }
    }
    if (name === 'fsyncSync' || name === 'fdatasyncSync') this.#open.get(fd)!.dirty = null
    return result
  }

  #loseUnsynced(fd: number): void {
    const { dirty } = this.#open.get(fd)!
    if (dirty === null) return
    this.#real.writeSync!(fd, new Uint8Array(dirty.to - dirty.from), 0, dirty.to - dirty.from, dirty.from)
  }
}

function describe(index: number, name: string, path: string, args: readonly unknown[]): Call {
  const byPath = typeof args[0] === 'string'
  const creates = name === 'openSync' && args[1] !== 'r' && args[1] !== 'r+' && args[1] !== undefined
  return {
    index,
    name,
    path,
    writes: creates || name === 'writeSync' || name === 'writeFileSync' || MAKING.test(name),
    looksUp: byPath,
    opens: byPath && OPENING.test(name),
  }
}

/** Arguments of writeSync(fd, buffer, offset, length, position), with half the length. */
const half = ([fd, buffer, offset, length, position]: unknown[]): unknown[] => [
  fd,
  buffer,
  offset,
  Math.ceil((length as number) / 2),
  position,
]
