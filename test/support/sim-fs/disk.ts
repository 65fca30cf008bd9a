import path from 'node:path'
import { Random } from '../../model/support/random.js'
import { SimDirectory, type SimNode } from './directory.js'
import { cutStyle, SimFile } from './file.js'

export function errno(code: string, call: string, file: unknown): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: simulated, ${call} '${file}'`), { code, syscall: call })
}

/** Every call after a power cut: there is nobody left to make it. */
export class PowerCut extends Error {
  readonly code = 'POWER_CUT'
}

export interface Faults {
  /** The chance that a sync of a file fails. */
  readonly failedSync: number
  /** The chance that a write takes only a part. */
  readonly shortWrite: number
  /** The chance that a write or the opening of a new file fails with ENOSPC. */
  readonly fullDisk: number
  /** What a failed sync could not write is not even in memory any more. */
  readonly forgetful: boolean
}

const NONE: Faults = { failedSync: 0, shortWrite: 0, fullDisk: 0, forgetful: false }

/**
 * A disk, the kernel's memory of it, and a plug that can be pulled: files have live and durable content, names
 * become durable by the fsync of their directory. All paths are absolute.
 */
export class SimDisk {
  readonly root = new SimDirectory()
  /** All there ever were: a name that was removed may be there again after a cut. */
  readonly #files: SimFile[] = []
  readonly #directories: SimDirectory[] = [this.root]
  readonly random: Random
  faults: Faults = NONE
  /** Calls that change something, so far. */
  calls = 0
  /** Pulled before the call of this number. */
  cutAt = Number.POSITIVE_INFINITY
  #off = false

  constructor(seed: number) {
    this.random = new Random(seed)
  }

  get off(): boolean {
    return this.#off
  }

  /** Comes before every call that changes something. */
  tick(): void {
    if (!this.#off && ++this.calls >= this.cutAt) this.#off = true
    if (this.#off) throw new PowerCut('The power is off')
    if (this.random.chance(0.05)) for (const file of this.#files) file.writeBack(this.random)
    // As a file system does that commits its own journal every few seconds.
    if (this.random.chance(0.02)) for (const directory of this.#directories) directory.sync()
  }

  /** Whether a fault of this chance comes now. */
  fails(chance: number): boolean {
    return chance > 0 && this.random.chance(chance)
  }

  /** Cuts the power where that has not happened, and starts again with what the disk has. */
  restart(): void {
    const { random } = this
    const style = cutStyle(random)
    const ordered = random.chance(0.5)
    const survival = random.pick([0, 0.5, 0.9, 1])
    for (const directory of this.#directories) directory.cut(random, survival, ordered)
    for (const directory of this.#directories) directory.restart()
    for (const file of this.#files) file.cut(style, random)
    this.#off = false
    this.faults = NONE
    this.cutAt = Number.POSITIVE_INFINITY
  }

  /** Everything written is durable, as after a long rest. */
  rest(): void {
    for (const directory of this.#directories) directory.sync()
    for (const file of this.#files) file.sync()
  }

  newFile(): SimFile {
    const file = new SimFile()
    this.#files.push(file)
    return file
  }

  newDirectory(): SimDirectory {
    const directory = new SimDirectory()
    this.#directories.push(directory)
    return directory
  }

  find(file: string): SimNode | undefined {
    let node: SimNode | undefined = this.root
    for (const name of file.split(path.sep)) {
      if (name === '') continue
      if (node?.kind !== 'directory') return undefined
      node = node.live.get(name)
    }
    return node
  }

  /** The directory that a path's last name is in. */
  parent(file: string, call: string): { directory: SimDirectory; name: string } {
    const directory = this.find(path.dirname(file))
    if (directory === undefined) throw errno('ENOENT', call, file)
    if (directory.kind !== 'directory') throw errno('ENOTDIR', call, file)
    return { directory, name: path.basename(file) }
  }
}
