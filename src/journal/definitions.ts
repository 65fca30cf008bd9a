import { encodeKey } from '../record/frame.js'

/** At most this many bytes of definitions in one record, so that it shares a block with others. */
const GROUP_BYTES = 8192

/** All key definitions of a journal, as frames: what each new segment begins with. */
export class DefinitionStore {
  readonly #frames = new Map<number, Map<number, Uint8Array>>()

  /** A KEY frame as it stood in the ring. False where it is known already. */
  add(producer: number, frame: Uint8Array): boolean {
    const key = new DataView(frame.buffer, frame.byteOffset).getUint32(4, true)
    let frames = this.#frames.get(producer)
    if (frames === undefined) {
      frames = new Map()
      this.#frames.set(producer, frames)
    }
    if (frames.has(key)) return false
    frames.set(key, frame)
    return true
  }

  addName(producer: number, key: number, name: string): void {
    if (!this.#frames.get(producer)?.has(key)) this.add(producer, encodeKey(key, name))
  }

  /** Names of a producer and their keys; of several keys with one name, the last. */
  namesOf(producer: number): [name: string, key: number][] {
    return [...(this.#frames.get(producer) ?? [])].map(([key, frame]) => [nameOf(frame), key])
  }

  /** The definitions of each producer, in groups that fit a block. */
  *groups(): Iterable<{ producer: number; frames: Uint8Array }> {
    for (const [producer, frames] of this.#frames) {
      let group: Uint8Array[] = []
      let bytes = 0
      for (const frame of frames.values()) {
        if (bytes > 0 && bytes + frame.length > GROUP_BYTES) {
          yield { producer, frames: Buffer.concat(group) }
          group = []
          bytes = 0
        }
        group.push(frame)
        bytes += frame.length
      }
      if (bytes > 0) yield { producer, frames: Buffer.concat(group) }
    }
  }
}

function nameOf(frame: Uint8Array): string {
  const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength)
  return bytes.toString('utf8', 16, 16 + bytes.readUInt32LE(8))
}
