import type { NamedTensor } from '../request.js'
import { LENGTH_BYTES, MAX_HEADER_BYTES } from './encode.js'
import { damaged, parseHeader, type SafetensorsHeader } from './header.js'

export interface DecodedFile {
  /** By name, in the order of the file. Each has a buffer of its own, so that any typed array can view it. */
  readonly tensors: Map<string, NamedTensor>
  readonly metadata: { readonly [name: string]: string }
}

/** The tensors of a whole file in memory. `path` is for messages. Throws CheckpointError. */
export function decodeSafetensors(path: string, file: Uint8Array): DecodedFile {
  const decoder = new SafetensorsDecoder(path, file.byteLength)
  decoder.push(file)
  return decoder.end()
}

/** Reads a file from pieces of any size, and copies each byte once: to where it stays. */
export class SafetensorsDecoder {
  readonly #path: string
  /** Null: not known before its end, as when it is decompressed. */
  readonly #fileBytes: number | null
  readonly #tensors = new Map<string, NamedTensor>()
  readonly #length = Buffer.alloc(LENGTH_BYTES)
  #header: SafetensorsHeader | null = null
  /** What is being filled: the length, the header's JSON, or the next tensor. */
  #target: Uint8Array = this.#length
  #filled = 0

  constructor(path: string, fileBytes: number | null) {
    this.#path = path
    this.#fileBytes = fileBytes
  }

  push(chunk: Uint8Array): void {
    let at = 0
    while (at < chunk.byteLength) {
      if (this.#done) throw damaged(this.#path, 'it goes on behind its last tensor')
      const bytes = Math.min(chunk.byteLength - at, this.#target.byteLength - this.#filled)
      this.#target.set(chunk.subarray(at, at + bytes), this.#filled)
      this.#filled += bytes
      at += bytes
      if (this.#filled === this.#target.byteLength) this.#next()
    }
  }

  end(): DecodedFile {
    if (this.#header === null || !this.#done) throw damaged(this.#path, 'it ends too early')
    return { tensors: this.#tensors, metadata: this.#header.metadata }
  }

  get #done(): boolean {
    return this.#header !== null && this.#tensors.size === this.#header.tensors.length
  }

  #next(): void {
    if (this.#target === this.#length) {
      this.#target = new Uint8Array(this.#headerBytes())
    } else if (this.#header === null) {
      const dataBytes = this.#fileBytes === null ? null : this.#fileBytes - LENGTH_BYTES - this.#filled
      this.#header = parseHeader(this.#path, this.#target, dataBytes)
      this.#beginTensor()
    } else {
      this.#keepTensor(this.#target)
      this.#beginTensor()
    }
    this.#filled = 0
  }

  #headerBytes(): number {
    const bytes = Number(this.#length.readBigUInt64LE())
    if (bytes < 2 || bytes > MAX_HEADER_BYTES) {
      throw damaged(
        this.#path,
        `its header would have ${bytes} bytes, and 2 to ${MAX_HEADER_BYTES} are possible`,
      )
    }
    if (this.#fileBytes === null || bytes <= this.#fileBytes - LENGTH_BYTES) return bytes
    throw damaged(this.#path, `its header would have ${bytes} bytes, and the file has ${this.#fileBytes}`)
  }

  /** Tensors without bytes are complete at once. */
  #beginTensor(): void {
    while (!this.#done) {
      const { bytes } = this.#header!.tensors[this.#tensors.size]!
      this.#target = this.#allocate(bytes)
      if (bytes > 0) return
      this.#keepTensor(this.#target)
    }
  }

  #allocate(bytes: number): Uint8Array {
    try {
      return new Uint8Array(bytes)
    } catch {
      throw damaged(this.#path, `it has a tensor of ${bytes} bytes, more than this process can hold`)
    }
  }

  #keepTensor(data: Uint8Array): void {
    const { name, dtype, shape } = this.#header!.tensors[this.#tensors.size]!
    this.#tensors.set(name, { name, dtype, shape, data })
  }
}
