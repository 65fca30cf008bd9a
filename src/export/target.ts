import { once } from 'node:events'
import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import type { Writable } from 'node:stream'
import { temporaryPath } from '../store/atomic-file.js'
import { removeOnExit } from './on-exit.js'

const FLUSH_CHARACTERS = 256 * 1024

/** Where an export is written. Nothing is at its place before it is whole. */
export interface TextTarget {
  add(text: string): void
  /** Resolves when more may be added. */
  drain(): Promise<void>
  /** The export is whole. */
  finish(): Promise<void>
  /** It has failed: what was written is removed. */
  abandon(): void
}

/** A file that appears at `path`, in place of what was there, when it is whole. Blocks; throws the file system's errors. */
export class FileTarget implements TextTarget {
  readonly #path: string
  readonly #temporary: string
  #fd: number
  readonly #keep: () => void
  #text = ''

  constructor(path: string) {
    this.#path = path
    this.#temporary = temporaryPath(path)
    this.#fd = openSync(this.#temporary, 'wx')
    this.#keep = removeOnExit(this.#temporary)
  }

  add(text: string): void {
    this.#text += text
    if (this.#text.length >= FLUSH_CHARACTERS) this.#flush()
  }

  /** What is added is written at once. */
  async drain(): Promise<void> {}

  async finish(): Promise<void> {
    this.#flush()
    this.#close()
    renameSync(this.#temporary, this.#path)
    this.#keep()
  }

  abandon(): void {
    this.#close()
    rmSync(this.#temporary, { force: true })
    this.#keep()
  }

  #flush(): void {
    const bytes = Buffer.from(this.#text)
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at)
    this.#text = ''
  }

  #close(): void {
    if (this.#fd < 0) return
    const fd = this.#fd
    this.#fd = -1
    closeSync(fd)
  }
}

/** A stream whose reader may be slower than the journal. */
export class StreamTarget implements TextTarget {
  readonly #stream: Writable
  #text = ''

  constructor(stream: Writable) {
    this.#stream = stream
  }

  add(text: string): void {
    this.#text += text
  }

  async drain(): Promise<void> {
    if (this.#text.length < FLUSH_CHARACTERS) return
    await this.#flush()
  }

  finish(): Promise<void> {
    return this.#flush()
  }

  /** What a reader has got it keeps. */
  abandon(): void {}

  async #flush(): Promise<void> {
    const text = this.#text
    this.#text = ''
    if (text !== '' && !this.#stream.write(text)) await once(this.#stream, 'drain')
  }
}
