/** Just enough of the protobuf wire format (protobuf.dev/programming-guides/encoding) to read foreign messages. */

const VARINT = 0
const FIXED64 = 1
const BYTES = 2
const FIXED32 = 5

/** The message is cut off, or is none. */
export class ProtobufError extends Error {}

/** A cursor over the fields of one message. After `next()`, exactly one of the readers fits the field. */
export class Message {
  readonly #bytes: Buffer
  #at = 0
  #next = 0
  /** Number of the field. */
  field = 0
  #wire = VARINT
  /** Where the content of a bytes field, or of a fixed one, begins. */
  #start = 0
  #varint = 0n

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** False at the end. Throws ProtobufError. */
  next(): boolean {
    this.#at = this.#next
    if (this.#at >= this.#bytes.length) return false
    const tag = this.#readVarint()
    this.field = Math.floor(tag / 8)
    this.#wire = tag % 8
    this.#start = this.#at
    if (this.#wire === VARINT) this.#readLong()
    else if (this.#wire === FIXED64) this.#at += 8
    else if (this.#wire === FIXED32) this.#at += 4
    else if (this.#wire === BYTES) {
      const length = this.#readVarint()
      this.#start = this.#at
      this.#at += length
    } else throw new ProtobufError(`wire type ${this.#wire}`)
    if (this.#at > this.#bytes.length) throw new ProtobufError('cut off')
    this.#next = this.#at
    return true
  }

  /** An int32 or int64 as the nearest number. */
  get integer(): number {
    this.#expect(VARINT)
    return Number(BigInt.asIntN(64, this.#varint))
  }

  get double(): number {
    this.#expect(FIXED64)
    return this.#bytes.readDoubleLE(this.#start)
  }

  get float(): number {
    this.#expect(FIXED32)
    return this.#bytes.readFloatLE(this.#start)
  }

  get bytes(): Buffer {
    this.#expect(BYTES)
    return this.#bytes.subarray(this.#start, this.#at)
  }

  get text(): string {
    return this.bytes.toString('utf8')
  }

  /** Values of a repeated field may be packed into one. */
  get packed(): boolean {
    return this.#wire === BYTES
  }

  #expect(wire: number): void {
    if (this.#wire !== wire) throw new ProtobufError(`field ${this.field} has wire type ${this.#wire}`)
  }

  #readVarint(): number {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined || scale > 2 ** 49) throw new ProtobufError('bad length')
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
  }

  #readLong(): void {
    this.#varint = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined || shift > 63n) throw new ProtobufError('bad integer')
      this.#varint |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return
    }
  }
}

/** All varints of a packed field. */
export function packedIntegers(bytes: Buffer): number[] {
  const values: number[] = []
  // Each is read as a field whose tag says "varint".
  const message = new Message(Buffer.concat([...split(bytes)].flatMap((part) => [Buffer.of(8), part])))
  while (message.next()) values.push(message.integer)
  return values
}

function* split(bytes: Buffer): Generator<Buffer> {
  let start = 0
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at]! >= 0x80) continue
    yield bytes.subarray(start, at + 1)
    start = at + 1
  }
}
