import { KEY_ID_MASK, KIND_KEY, KIND_ROW, ROW_HEADER_WORDS, rowValues } from '../record/frame.js'
import { LostNames } from './lost-names.js'
import { FRAMES_HEADER_BYTES } from './payload.js'

/** Counts the keys that rows use without a definition that can be read. */
export class KeysSeen {
  readonly #lostNames: LostNames
  /** Per producer, by key: 1 defined, 2 used without a definition. */
  readonly #states = new Map<number, number[]>()
  unknown = 0

  constructor(directory: string) {
    this.#lostNames = new LostNames(directory)
  }

  /** The frames of a FRAMES payload in `start .. end - 1` of `buffer`. */
  add(producer: number, buffer: Buffer, start: number, end: number, segment: number): void {
    const states = this.#of(producer)
    for (let at = start + FRAMES_HEADER_BYTES; at + 8 <= end; ) {
      const header = u32At(buffer, at)
      const words = header >>> 8
      if (words === 0 || at + words * 8 > end) return
      const kind = header & 0xff
      if (kind === KIND_ROW) {
        const n = rowValues(words)
        const ids = at + (ROW_HEADER_WORDS + n) * 8
        for (let id = ids; id < ids + n * 4; id += 4) {
          const key = u32At(buffer, id) & KEY_ID_MASK
          if (states[key] === undefined) this.#search(states, key, segment)
        }
      } else if (kind === KIND_KEY) {
        states[u32At(buffer, at + 4)] ??= DEFINED
      }
      at += words * 8
    }
  }

  #search(states: number[], key: number, segment: number): void {
    const define = (of: number, id: number): void => {
      this.#of(of)[id] ??= DEFINED
    }
    this.#lostNames.search(segment, define, () => states[key] !== undefined)
    if (states[key] !== undefined) return
    states[key] = UNKNOWN
    this.unknown++
  }

  #of(producer: number): number[] {
    let states = this.#states.get(producer)
    if (states === undefined) {
      states = []
      this.#states.set(producer, states)
    }
    return states
  }
}

/** Frames lie unaligned in a segment. Not `readUInt32LE`: its checks are most of its time. */
const u32At = (from: Buffer, at: number): number =>
  (from[at]! | (from[at + 1]! << 8) | (from[at + 2]! << 16) | (from[at + 3]! << 24)) >>> 0

const DEFINED = 1
const UNKNOWN = 2
