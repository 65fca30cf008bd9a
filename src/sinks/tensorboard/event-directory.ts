import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { RecordBatch } from '../../record/batch.js'
import { AppendFile } from '../file/append-file.js'
import { type CommittedFiles, nextEventFileName, type RecoveredDirectory } from './event-file.js'
import { fileVersionEvent, sessionStartEvent } from './protobuf/event.js'
import { RecordBuffer } from './record-buffer.js'
import { ScalarEncoder } from './scalar-encoder.js'
import type { DirectoryState } from './state.js'

/**
 * One directory of event files (one run, to TensorBoard), and its only writer. Its first value starts a new
 * file: the one of an earlier session may have been torn by a crash, and a reader that saw the torn end cannot
 * go on from it.
 */
export class EventDirectory {
  readonly encoder: ScalarEncoder
  readonly #path: string
  readonly #name: string
  /** What was written, by this session or earlier ones. */
  #written: CommittedFiles | undefined
  readonly #newestName: string | undefined
  #file: AppendFile | undefined
  readonly #records = new RecordBuffer()
  /** Bytes of `#records` that are worth nothing without a value after them. */
  #headerLength = 0

  constructor(
    path: string,
    name: string,
    state?: DirectoryState,
    { committed, newestName }: Partial<RecoveredDirectory> = {},
  ) {
    this.#path = path
    this.#name = name
    this.#written = committed
    this.#newestName = newestName
    this.encoder = new ScalarEncoder(
      state?.tags ?? [],
      state?.lastSteps ?? [],
      state?.maxStep ?? Number.NEGATIVE_INFINITY,
    )
  }

  /** Takes rows `from .. to - 1`; returns how many of them hold nothing for TensorBoard. */
  add(batch: RecordBatch, from: number, to: number): number {
    if (this.#file === undefined && this.#records.length === 0) this.#addHeader(batch.times[from]! / 1000)
    return this.encoder.encode(batch, from, to, this.#records)
  }

  /** Writes what was added since the last call, all at once. Blocks. */
  flush(): void {
    const { bytes, length } = this.#records
    if (length > this.#headerLength) {
      this.#file ??= this.#createFile()
      this.#file.append(bytes, length)
      this.#written = { ...this.#written!, ...this.#file.extent }
    }
    this.#records.length = 0
    this.#headerLength = 0
  }

  /** Undefined while nothing has been written. */
  state(): DirectoryState | undefined {
    if (this.#written === undefined) return undefined
    const { maxStep } = this.encoder
    return {
      name: this.#name,
      ...this.#written,
      maxStep,
      tags: this.encoder.tagNames(),
      lastSteps: this.encoder.lastSteps(),
    }
  }

  close(): void {
    this.#file?.close()
    this.#file = undefined
  }

  /** A Python reader drops what it has from the start's step on, so that step is past all of them. */
  #addHeader(wallTimeSeconds: number): void {
    const { maxStep } = this.encoder
    const startStep = Number.isFinite(maxStep) ? maxStep + 1 : 0
    this.#records.append(fileVersionEvent(wallTimeSeconds))
    this.#records.append(sessionStartEvent(wallTimeSeconds, startStep))
    this.#headerLength = this.#records.length
  }

  #createFile(): AppendFile {
    mkdirSync(this.#path, { recursive: true })
    const file = nextEventFileName(this.#newestName, Date.now())
    const { crc = 0, length = 0, earlier } = this.#written ?? {}
    const files = earlier === undefined ? 0 : earlier.files + 1
    this.#written = { file, length: 0, crc, earlier: { files, bytes: (earlier?.bytes ?? 0) + length } }
    return AppendFile.create(join(this.#path, file), crc)
  }
}
