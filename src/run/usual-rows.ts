import type { RingWriter } from '../ring/writer.js'
import { type CompiledRow, compileRow } from './compiled-row.js'
import { REFUSED } from './keys.js'
import type { MetricValues } from './values.js'

/** V8 optimizes no function of more than 60 KiB of bytecode, which about 800 names make: such a row would be slower than any. */
const MAX_NAMES = 400
/** Tried one after the other. */
const MAX_COMPILED = 4
/** At a time, and in all: a program of ever new names has no usual rows. */
const MAX_CANDIDATES = 8
const MAX_CANDIDATES_EVER = 256
/** Rows of the same names that are logged as any other before there is code for them. */
const LEARN_ROWS = 32
/** Rows of the right names with other things than numbers in them, until their code is given up. */
const MAX_MISSES = 32

interface Candidate {
  readonly names: readonly string[]
  readonly ids: readonly number[]
  seen: number
}

interface Compiled {
  readonly log: CompiledRow
  readonly names: readonly string[]
  misses: number
}

/** The rows that a program logs again and again: the same names in the same order. There is code for each. */
export class UsualRows {
  readonly #ring: RingWriter
  readonly #compiled: Compiled[] = []
  /** Those with code are among them, so that none is made twice. */
  readonly #candidates: Candidate[] = []
  #candidatesEver = 0
  #learning = true

  constructor(ring: RingWriter) {
    this.#ring = ring
  }

  /** True: it is logged. Else what to log in its place: the values, or a copy where they have been read already. */
  log(values: MetricValues, step: number | undefined): true | MetricValues {
    const compiled = this.#compiled
    for (let i = 0; i < compiled.length; i++) {
      const logged = compiled[i]!.log(values, step)
      if (logged === true) return true
      if (logged !== false) return this.#missed(i, logged)
    }
    return values
  }

  get learning(): boolean {
    return this.#learning
  }

  /** A row that was logged without code of its own: the first `count` of these names and ids. */
  learn(names: readonly string[], ids: readonly number[], count: number): void {
    if (count === 0 || count > MAX_NAMES) return
    const candidate = this.#candidates.find((known) => isSame(known.names, names, count))
    if (candidate === undefined) {
      this.#addCandidate({ names: names.slice(0, count), ids: ids.slice(0, count), seen: 1 })
      return
    }
    candidate.seen++
    if (candidate.seen !== LEARN_ROWS || candidate.ids.includes(REFUSED)) return
    try {
      const log = compileRow(this.#ring, candidate.names, candidate.ids)
      this.#compiled.push({ log, names: candidate.names, misses: 0 })
    } catch {
      // This process makes no code from strings, and logs all rows in the same way.
      this.#learning = false
    }
    if (this.#compiled.length === MAX_COMPILED) this.#learning = false
  }

  #addCandidate(candidate: Candidate): void {
    if (this.#candidates.length === MAX_CANDIDATES) {
      const rare = this.#candidates.findIndex(({ seen }) => seen < LEARN_ROWS)
      if (rare >= 0) this.#candidates.splice(rare, 1)
    }
    if (this.#candidates.length < MAX_CANDIDATES) this.#candidates.push(candidate)
    if (++this.#candidatesEver === MAX_CANDIDATES_EVER) this.#learning = false
  }

  /** A copy: no getter of the caller's is called twice. */
  #missed(index: number, read: readonly unknown[]): MetricValues {
    const compiled = this.#compiled[index]!
    if (++compiled.misses === MAX_MISSES) this.#compiled.splice(index, 1)
    const copy: { [name: string]: unknown } = Object.create(null)
    for (const [place, name] of compiled.names.entries()) copy[name] = read[place]
    return copy as MetricValues
  }
}

function isSame(known: readonly string[], names: readonly string[], count: number): boolean {
  if (known.length !== count) return false
  for (let place = 0; place < count; place++) if (known[place] !== names[place]) return false
  return true
}
