const FIRST_BYTES = 65_536

/** The frames of one record (see record/frame.ts), in memory that is aligned for their doubles. Used again and again. */
export class Frames {
  /** Words of 8 bytes. */
  length = 0
  bytes = Buffer.alloc(0)
  u32 = new Uint32Array(0)
  f64 = new Float64Array(0)

  load(from: Buffer, start: number, end: number): void {
    if (this.bytes.length < end - start) this.#grow(end - start)
    from.copy(this.bytes, 0, start, end)
    this.length = (end - start) >> 3
  }

  /** Of the KEY frame at word `at`. */
  nameAt(at: number): string {
    const start = at * 8 + 16
    return this.bytes.toString('utf8', start, start + this.u32[at * 2 + 2]!)
  }

  #grow(bytes: number): void {
    const memory = new ArrayBuffer(Math.max(FIRST_BYTES, Math.ceil(bytes / 8) * 16))
    this.bytes = Buffer.from(memory)
    this.u32 = new Uint32Array(memory)
    this.f64 = new Float64Array(memory)
  }
}
