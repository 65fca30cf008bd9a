import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { RecordBatch } from '../../record/batch.js'
import type { MediaRecord } from '../../record/media.js'
import { AppendFile } from '../file/append-file.js'
import { type EncodedRun, EventEncoder } from './event-encoder.js'
import { type CommittedFiles, nextEventFileName, type RecoveredDirectory } from './event-file.js'
import type { SummaryValue } from './media/summary.js'
import { fileVersionEvent, sessionStartEvent } from './protobuf/event.js'
import { RecordBuffer } from './record-buffer.js'
import type { DirectoryState } from './state.js'

/** A batch of a few hundred pictures may be gigabytes: what is made of it goes to the file in parts. */
const FLUSH_BYTES = 4 * 1024 * 1024

export interface EventDirectorySetup {
  readonly path: string
  readonly name: string
  readonly run: EncodedRun
  readonly state?: DirectoryState | undefined
  readonly recovered?: RecoveredDirectory
}

/**
 * One directory of event files (one run, to TensorBoard), and its only writer. Its first value starts a new
 * file: the one of an earlier session may have been torn by a crash, and a reader that saw the torn end cannot
 * go on from it.
 */
export class EventDirectory {
  readonly encoder: EventEncoder
  /** What the directory's first file begins with: the hyper-parameters in the run's config, if there are any. */
  config: (() => SummaryValue | null) | null = null
  readonly #path: string
  readonly #name: string
  /** What was written, by this session or earlier ones. */
  #written: CommittedFiles | undefined
  readonly #newestName: string | undefined
  #file: AppendFile | undefined
  readonly #records = new RecordBuffer()
  /** Bytes of `#records` that are worth nothing without a value after them. */
  #headerLength = 0

  constructor({ path, name, run, state, recovered }: EventDirectorySetup) {
    this.#path = path
    this.#name = name
    this.#written = recovered?.committed
    this.#newestName = recovered?.newestName
    this.encoder = new EventEncoder(run, state)
  }

  /** True where no file has been made yet. */
  get isNew(): boolean {
    return this.#written === undefined
  }

  /** Takes rows `from .. to - 1`; returns how many of them hold nothing for TensorBoard. */
  add(batch: RecordBatch, from: number, to: number): number {
    this.#begin(batch.times[from]!)
    return this.encoder.encode(batch, from, to, this.#records)
  }

  /** Takes a media row; false where TensorBoard gets nothing of it. Throws as `EventEncoder.encodeMedia()` does. */
  addMedia(record: MediaRecord, step: number, time: number): boolean {
    this.#begin(time)
    const added = this.encoder.encodeMedia(record, step, time, this.#records)
    if (this.#records.length >= FLUSH_BYTES) this.flush()
    return added
  }

  /** Says how the run ended, where a page shows that. The next session removes it: it may go on with the run. */
  end(value: SummaryValue, wallTime: number): void {
    this.#begin(wallTime * 1000)
    this.encoder.encodeEnd(value, wallTime, this.#records)
    this.flush()
  }

  /** Writes what was added since the last call, all at once. Blocks. */
  flush(): void {
    const { bytes, length } = this.#records
    if (length > this.#headerLength) {
      this.#file ??= this.#createFile()
      this.#file.append(bytes, length)
      this.#written = { ...this.#written!, ...this.#file.extent }
    } else if (this.isNew) this.encoder.hparams = undefined
    this.#records.clear()
    this.#headerLength = 0
  }

  /** Undefined while nothing has been written. */
  state(): DirectoryState | undefined {
    if (this.#written === undefined) return undefined
    return { name: this.#name, ...this.#written, ...this.encoder.state() }
  }

  close(): void {
    this.#file?.close()
    this.#file = undefined
  }

  /** `time`: in milliseconds. */
  #begin(time: number): void {
    if (this.#file === undefined && this.#records.length === 0) this.#addHeader(time / 1000)
  }

  /** A Python reader drops what it has from the start's step on, so that step is past all of them. */
  #addHeader(wallTimeSeconds: number): void {
    const { maxStep } = this.encoder
    const startStep = Number.isFinite(maxStep) ? maxStep + 1 : 0
    this.#records.append(fileVersionEvent(wallTimeSeconds))
    this.#records.append(sessionStartEvent(wallTimeSeconds, startStep))
    const config = this.isNew ? (this.config?.() ?? null) : null
    if (config !== null) this.encoder.encodeConfig(config, this.#records)
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
