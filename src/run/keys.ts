import { encodeKey, KEY_ID_MASK } from '../record/frame.js'
import type { RingWriter } from '../ring/writer.js'
import { refusedName, type Warn } from './warnings.js'

export interface NameLimits {
  /** Distinct metric names of one producer. */
  readonly maxMetrics: number
  /** Length of a name in UTF-8. */
  readonly maxNameBytes: number
}

export type KnownKeys = readonly (readonly [name: string, key: number])[]

/** Why a name cannot be a metric's. */
export type NameRefusal = 'empty-name' | 'name-too-long' | 'too-many-metrics'

/** An id that no metric has: the name is refused. */
export const REFUSED = -1
/** The ring had no room for the definition: try again with the next row. */
export const NO_ROOM = -2

/**
 * Names to ids, for one producer. A name crosses the ring once: its definition is published before the first
 * row that uses it. Memory grows with the number of distinct names, up to the limit, and not with the run.
 */
export class KeyTable {
  readonly #ring: RingWriter
  readonly #limits: NameLimits
  readonly #ids = new Map<string, number>()
  readonly #warn: Warn
  #defined = 0

  /** `known`: names that the journal has from an earlier process, and their keys. */
  constructor(ring: RingWriter, limits: NameLimits, warn: Warn, known: KnownKeys = []) {
    this.#ring = ring
    this.#limits = limits
    this.#warn = warn
    for (const [name, key] of known) {
      this.#ids.set(name, key)
      this.#defined = Math.max(this.#defined, key + 1)
    }
  }

  /** The name's id, or REFUSED (and why is warned of), or NO_ROOM. */
  idOf(name: string): number {
    return this.#ids.get(name) ?? this.#define(name)
  }

  #define(name: string): number {
    if (name.length === 0) return this.#refuse('empty-name', name, 1)
    // UTF-8 never has fewer bytes than UTF-16 has units: no need to encode a name of a megabyte.
    const { maxNameBytes } = this.#limits
    if (name.length > maxNameBytes || Buffer.byteLength(name) > maxNameBytes) {
      return this.#refuse('name-too-long', name, maxNameBytes)
    }
    const maxMetrics = Math.min(this.#limits.maxMetrics, KEY_ID_MASK)
    if (this.#defined >= maxMetrics) return this.#refuse('too-many-metrics', name, maxMetrics)
    const id = this.#defined
    const frame = encodeKey(id, name.toWellFormed())
    const words = frame.length / 8
    const at = this.#ring.reserve(words)
    if (at < 0) return NO_ROOM
    this.#ring.bytes.set(frame, at * 8)
    this.#ring.publish(words)
    this.#ids.set(name, id)
    this.#defined++
    return id
  }

  #refuse(refusal: NameRefusal, name: string, limit: number): number {
    this.#warn(refusal, refusedName(refusal, name, limit))
    return REFUSED
  }
}
