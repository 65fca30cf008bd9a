import type { Random } from '../../model/support/random.js'
import type { SimFile } from './file.js'

export type SimNode = SimFile | SimDirectory

/** A change of names that the disk may not have yet. What it sets to null goes away. All of it comes, or nothing. */
export interface NameChange {
  readonly entries: readonly { directory: SimDirectory; name: string; node: SimNode | null }[]
  durable: boolean
}

/** Names as processes see them, and as the disk has them for certain. */
export class SimDirectory {
  readonly kind = 'directory'
  readonly mtimeMs = 0
  readonly live = new Map<string, SimNode>()
  readonly #durable = new Map<string, SimNode>()
  #pending: NameChange[] = []

  /** Changes names of one or two directories at once. */
  static change(...entries: NameChange['entries']): void {
    const change: NameChange = { entries, durable: false }
    for (const { directory, name, node } of entries) {
      if (node === null) directory.live.delete(name)
      else directory.live.set(name, node)
      if (directory.#pending.at(-1) !== change) directory.#pending.push(change)
    }
  }

  sync(): void {
    for (const change of this.#pending.splice(0)) SimDirectory.#keep(change)
  }

  static #keep(change: NameChange): void {
    if (change.durable) return
    change.durable = true
    for (const { directory, name, node } of change.entries) {
      if (node === null) directory.#durable.delete(name)
      else directory.#durable.set(name, node)
    }
  }

  /** Each change that was not synced survives or not; `ordered`: none does behind one that does not. */
  cut(random: Random, survival: number, ordered: boolean): void {
    const lost = ordered ? this.#pending.findIndex(() => !random.chance(survival)) : -1
    const kept = lost < 0 ? this.#pending : this.#pending.slice(0, lost)
    for (const change of kept) if (ordered || random.chance(survival)) SimDirectory.#keep(change)
    this.#pending = []
  }

  /** After the cuts of all directories: what the disk has is what is seen. */
  restart(): void {
    this.live.clear()
    for (const [name, node] of this.#durable) this.live.set(name, node)
  }
}
