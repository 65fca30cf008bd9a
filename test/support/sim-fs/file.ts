import type { Random } from '../../model/support/random.js'

/** The unit in which what was written survives, or not; disks write 512 or 4,096 bytes at once. */
export const SECTOR = 512

/** Sectors that live and die together: a disk writes one or eight at once, a kernel whole extents. */
const UNITS = [1, 8, 64]

/** What a cut leaves of what was not synced: the same for all files, since it is a matter of disk and file system. */
export interface CutStyle {
  readonly unit: number
  /** The chance of a dirty unit to have been written. */
  readonly survival: number
  /** What stands where space was allotted and nothing written. */
  readonly filler: 'zeros' | 'ones' | 'garbage'
  /** The size after the cut: the durable one, the one that processes saw, or any between. */
  readonly size: 'durable' | 'live' | 'between'
}

export function cutStyle(random: Random): CutStyle {
  return {
    unit: random.pick(UNITS),
    survival: random.pick([0, 0.1, 0.5, 0.9, 1]),
    filler: random.pick(['zeros', 'zeros', 'ones', 'garbage']),
    size: random.pick(['durable', 'live', 'live', 'between']),
  }
}

/** A file with the content that processes see, and the content that the disk has for certain. */
export class SimFile {
  readonly kind = 'file'
  #live = Buffer.alloc(4096)
  #durable = Buffer.alloc(0)
  size = 0
  #durableSize = 0
  /** Sectors that were written since they were last made durable. */
  readonly #dirty = new Set<number>()
  mtimeMs = 0

  get content(): Buffer {
    return this.#live.subarray(0, this.size)
  }

  write(bytes: Uint8Array, position: number): void {
    const end = position + bytes.length
    this.#reserve(end)
    this.#live.set(bytes, position)
    this.size = Math.max(this.size, end)
    this.#touch(position, end)
  }

  truncate(size: number): void {
    this.#reserve(size)
    this.#live.fill(0, Math.min(size, this.size), Math.max(size, this.size))
    this.#touch(Math.min(size, this.size), Math.max(size, this.size))
    this.size = size
  }

  #reserve(size: number): void {
    if (size <= this.#live.length) return
    const grown = Buffer.alloc(Math.max(size, this.#live.length * 2))
    grown.set(this.content)
    this.#live = grown
  }

  #touch(from: number, to: number): void {
    this.mtimeMs++
    for (let sector = Math.floor(from / SECTOR); sector * SECTOR < to; sector++) this.#dirty.add(sector)
  }

  sync(): void {
    this.#keep([...this.#dirty])
    this.#dirty.clear()
    this.#durableSize = this.size
  }

  /** The kernel writes some of the dirty pages, at its own pace. */
  writeBack(random: Random): void {
    const some = this.#some(random.pick(UNITS), 0.5, random)
    this.#keep(some)
    for (const sector of some) this.#dirty.delete(sector)
    if (random.chance(0.5)) this.#durableSize = this.size
  }

  /**
   * A sync that fails: some pages were written, and all count as clean from now on, so that no later sync writes
   * the others (Rebello et al., ATC 2020). `forget`: they are dropped from memory too, as some file systems do.
   */
  failSync(random: Random, forget: boolean): void {
    this.writeBack(random)
    for (const sector of forget ? this.#dirty : []) {
      const [from, to] = [sector * SECTOR, Math.min((sector + 1) * SECTOR, this.#live.length)]
      this.#live.fill(0, from, to)
      this.#live.set(this.#durable.subarray(from, Math.min(to, this.#durableSize)), from)
    }
    this.#dirty.clear()
  }

  #keep(sectors: readonly number[]): void {
    if (this.#durable.length < this.#live.length) {
      const grown = Buffer.alloc(this.#live.length)
      grown.set(this.#durable)
      this.#durable = grown
    }
    for (const sector of sectors) {
      const from = sector * SECTOR
      this.#live.copy(this.#durable, from, from, Math.min(from + SECTOR, this.#live.length))
    }
  }

  /** The power goes: what is there afterwards is the new live and durable content. */
  cut(style: CutStyle, random: Random): void {
    const before = Math.min(this.#durableSize, this.#durable.length)
    const survived = this.#some(style.unit, style.survival, random)
    this.#keep(survived)
    const size = this.#sizeAfter(style, random)
    // What lies behind the durable end was not written, apart from what survived.
    const there = new Set(survived)
    for (let sector = Math.floor(before / SECTOR); sector * SECTOR < size; sector++) {
      if (there.has(sector)) continue
      const from = Math.max(before, sector * SECTOR)
      this.#fill(from, Math.min((sector + 1) * SECTOR, this.#durable.length), style, random)
    }
    this.size = size
    this.#durableSize = size
    this.#durable.fill(0, size)
    this.#live = Buffer.from(this.#durable)
    this.#dirty.clear()
  }

  /** Each group of dirty sectors with this chance. */
  #some(unit: number, chance: number, random: Random): number[] {
    const fate = new Map<number, boolean>()
    return [...this.#dirty].filter((sector) => {
      const group = Math.floor(sector / unit)
      if (!fate.has(group)) fate.set(group, random.chance(chance))
      return fate.get(group)
    })
  }

  #sizeAfter({ size }: CutStyle, random: Random): number {
    if (size === 'live') return this.size
    if (size === 'durable') return this.#durableSize
    return random.int(Math.min(this.#durableSize, this.size), Math.max(this.#durableSize, this.size))
  }

  #fill(from: number, to: number, { filler }: CutStyle, random: Random): void {
    if (filler === 'garbage') for (let at = from; at < to; at++) this.#durable[at] = random.int(0, 255)
    else this.#durable.fill(filler === 'ones' ? 0xff : 0, from, to)
  }
}
