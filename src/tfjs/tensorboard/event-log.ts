import { SinkError } from '../../sinks/errors.js'
import { AppendFile } from '../../sinks/file/append-file.js'
import { fileVersionEvent } from '../../sinks/tensorboard/protobuf/event.js'
import { RecordBuffer } from '../../sinks/tensorboard/record-buffer.js'
import { createEventFile } from './event-file.js'
import type { Warnings } from './warnings.js'

/** What a disk that fails may leave in memory; further events are then lost, counted and warned of. */
export const MAX_UNWRITTEN_BYTES = 64 * 1024 * 1024
/** Memory that trouble made bigger than this is given back. */
const KEEP_BYTES = 1024 * 1024

/**
 * The events of one directory on their way to its file. A flush writes whole records, all of them or none; a
 * disk that fails keeps them in memory for the next one. Nothing here throws.
 */
export class EventLog {
  readonly #logdir: string
  readonly #suffix: string
  readonly #warnings: Warnings
  readonly #maxUnwrittenBytes: number
  #path: string | undefined
  #file: AppendFile | undefined
  /** Of the file at `#path`, while it is closed. */
  #extent: AppendFile['extent'] | undefined
  #records = new RecordBuffer()
  /** Events in `#records`. */
  unwritten = 0
  /** Events in the file. */
  written = 0

  constructor(logdir: string, suffix: string, warnings: Warnings, maxUnwrittenBytes = MAX_UNWRITTEN_BYTES) {
    this.#logdir = logdir
    this.#suffix = suffix
    this.#warnings = warnings
    this.#maxUnwrittenBytes = maxUnwrittenBytes
  }

  /** Makes the directory and its file, which TensorFlow's writer does before the first event too. Blocks. */
  open(): void {
    this.#attempt(() => this.#openFile())
  }

  add(event: Uint8Array): void {
    if (this.#records.length + event.length > this.#maxUnwrittenBytes) {
      this.#warnings.warn(
        'event-lost',
        `Events are lost: ${this.#maxUnwrittenBytes} bytes of them wait for a disk that takes none. Make room on it, or make it writable.`,
      )
      return
    }
    this.#records.append(event)
    this.unwritten++
  }

  /** Hands what there is to the file system, in one write. Blocks. False where it was not taken. */
  flush(): boolean {
    return this.unwritten === 0 || this.#attempt(() => this.#write())
  }

  /** Gives the file descriptor back until there are events again. */
  release(): void {
    if (this.#file === undefined) return
    const { extent } = this.#file
    this.#close()
    this.#extent = extent
  }

  #attempt(write: () => void): boolean {
    try {
      write()
      return true
    } catch (error) {
      this.#warnings.warn(
        'write-failed',
        `Events cannot be written and are kept in memory until they can: ${(error as Error).message}. Check the disk and the permissions of the directory.`,
      )
      return false
    }
  }

  #write(): void {
    try {
      this.#append()
    } catch (error) {
      // Somebody removed the file, or cut it: what follows goes to a new one, as TensorFlow does it.
      if (!(error instanceof SinkError)) throw error
      this.#close()
      this.#path = undefined
      this.#append()
    }
    this.written += this.unwritten
    this.unwritten = 0
    if (this.#records.bytes.length > KEEP_BYTES) this.#records = new RecordBuffer()
    this.#records.length = 0
  }

  #append(): void {
    this.#openFile().append(this.#records.bytes, this.#records.length)
  }

  /** Where the header could not be written, the same file gets it at the next attempt. */
  #openFile(): AppendFile {
    this.#path ??= createEventFile(this.#logdir, this.#suffix)
    this.#file ??=
      this.#extent === undefined ? AppendFile.create(this.#path) : AppendFile.open(this.#path, this.#extent)
    if (this.#file.length === 0) {
      const header = new RecordBuffer()
      header.append(fileVersionEvent(Date.now() / 1000))
      this.#file.append(header.bytes, header.length)
    }
    return this.#file
  }

  #close(): void {
    const file = this.#file
    this.#file = undefined
    this.#extent = undefined
    this.#attempt(() => file?.close())
  }
}
