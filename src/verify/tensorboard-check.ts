import fs from 'node:fs'
import path from 'node:path'
import type { RecordBatch } from '../record/batch.js'
import { ownNames } from '../sinks/tensorboard/event-file.js'
import { RecordBuffer } from '../sinks/tensorboard/record-buffer.js'
import { ScalarEncoder } from '../sinks/tensorboard/scalar-encoder.js'
import { type DirectoryState, parseState } from '../sinks/tensorboard/state.js'
import { Alignment, type Description } from './alignment.js'
import { type ContentCheck, type ContentSetup, shortened } from './content-check.js'
import { EventFiles, type EventUnit, type ReadFile, splitEvents } from './event-files.js'
import type { EventScalar } from './event-record.js'
import type { FileCheck } from './report.js'

/** Event files: every event that holds values, by its checksum and its bytes, whichever file it is in. */
export function checkTensorBoard(setup: ContentSetup): ContentCheck {
  return new TensorBoardCheck(setup)
}

class TensorBoardCheck implements ContentCheck {
  readonly #setup: ContentSetup
  readonly #states: Map<string, DirectoryState>
  readonly #directories = new Map<string, DirectoryCheck>()

  constructor(setup: ContentSetup) {
    this.#setup = setup
    this.#states = new Map(parseState(setup.cursor.state).map((state) => [state.name, state]))
    for (const name of this.#states.keys()) this.#directory(name)
  }

  /** As the sink does: each directory gets its rows, in stretches of one producer. */
  expect(batch: RecordBatch): void {
    const { count, producers } = batch
    for (let from = 0; from < count; ) {
      const producer = producers[from]!
      let to = from + 1
      while (to < count && producers[to] === producer) to++
      const name = producer === 0 ? '' : this.#setup.context.producerName(producer)
      this.#directory(name).expect(batch, from, to)
      from = to
    }
    for (const directory of this.#directories.values()) directory.compare()
  }

  finish(): FileCheck[] {
    return [...this.#directories.values()].map((directory) => directory.finish())
  }

  close(): void {
    for (const directory of this.#directories.values()) directory.close()
  }

  #directory(name: string): DirectoryCheck {
    let directory = this.#directories.get(name)
    if (directory === undefined) {
      directory = new DirectoryCheck(this.#setup, name, this.#states.get(name))
      this.#directories.set(name, directory)
    }
    return directory
  }
}

/** One directory of event files. */
class DirectoryCheck {
  readonly #name: string
  readonly #encoder = new ScalarEncoder([], [], Number.NEGATIVE_INFINITY)
  readonly #records = new RecordBuffer()
  readonly #files: EventFiles
  readonly #alignment: Alignment<EventUnit>
  readonly #found: FoundFiles
  readonly #problem: string | null

  constructor({ context, lost }: ContentSetup, name: string, state: DirectoryState | undefined) {
    this.#name = path.join('tensorboard', name)
    const directory = path.join(context.runDir, this.#name)
    this.#found = findFiles(directory, state)
    this.#problem = problemOf(this.#found, state)
    this.#files = new EventFiles(directory, this.#name, this.#found.files)
    this.#alignment = new Alignment({
      actual: this.#files,
      split: splitEvents,
      isLost: () => false,
      lostWithoutId: lost.count,
      describe,
    })
  }

  expect(batch: RecordBatch, from: number, to: number): void {
    this.#encoder.encode(batch, from, to, this.#records)
  }

  compare(): void {
    const { bytes, length } = this.#records
    if (length > 0) this.#alignment.expect(Buffer.from(bytes.buffer, 0, length))
    this.#records.length = 0
  }

  finish(): FileCheck {
    this.#alignment.finish()
    const { differing, missing, extra, onlyHere, first } = this.#alignment
    const { files, bytes, uncommittedBytes } = this.#found
    const damaged = this.#problem !== null || differing + missing + extra > 0
    return {
      file: this.#name,
      result: damaged ? (files.length === 0 ? 'missing' : 'damaged') : 'ok',
      problem: this.#problem,
      bytes,
      uncommittedBytes,
      unit: 'event',
      differing,
      missing,
      extra,
      onlyHere,
      first,
    }
  }

  close(): void {
    this.#files.close()
  }
}

interface FoundFiles {
  /** What the cursor knows, in order. */
  readonly files: readonly ReadFile[]
  /** Of these. */
  readonly bytes: number
  readonly uncommittedBytes: number
  /** Size of the last file that the cursor knows; null where it is gone. */
  readonly lastSize: number | null
}

function findFiles(directory: string, state: DirectoryState | undefined): FoundFiles {
  const names = fs.existsSync(directory) ? ownNames(directory) : []
  const files: ReadFile[] = []
  let uncommittedBytes = 0
  let lastSize: number | null = null
  for (const name of names) {
    const { size } = fs.statSync(path.join(directory, name))
    const isLast = name === state?.file
    const committed =
      state === undefined || name > state.file ? 0 : isLast ? Math.min(size, state.length) : size
    if (isLast) lastSize = size
    uncommittedBytes += size - committed
    if (committed > 0) files.push({ name, length: committed })
  }
  return { files, bytes: files.reduce((sum, { length }) => sum + length, 0), uncommittedBytes, lastSize }
}

function problemOf({ files, bytes, lastSize }: FoundFiles, state: DirectoryState | undefined): string | null {
  if (state === undefined) return null
  if (lastSize === null) return `${state.file} is gone`
  if (lastSize < state.length) return `${state.file} holds ${lastSize} of ${state.length} bytes`
  const { earlier } = state
  if (earlier === undefined) return null
  const found = { files: files.length - 1, bytes: bytes - state.length }
  if (found.files !== earlier.files) return `${found.files + 1} of ${earlier.files + 1} event files are there`
  return found.bytes === earlier.bytes ? null : `holds ${bytes} of ${earlier.bytes + state.length} bytes`
}

function describe(expected: EventUnit | null, found: EventUnit | null): Description {
  const before = expected?.event?.scalars
  const after = found?.event?.scalars
  const index = before && after ? before.findIndex(({ tag, value }, i) => !isSame(tag, value, after[i])) : -1
  if (index < 0) return { field: null, expected: told(expected), found: told(found) }
  const { tag, value } = before![index]!
  const other = after![index]
  const otherText =
    other === undefined ? 'nothing' : `${other.tag === tag ? '' : `${other.tag} `}${other.value}`
  return { field: tag, expected: String(value), found: shortened(otherText) }
}

const isSame = (tag: string, value: number, other: EventScalar | undefined): boolean =>
  other?.tag === tag && Object.is(other.value, value)

function told(unit: EventUnit | null): string | null {
  if (unit === null) return null
  if (unit.event === null) return 'damaged bytes'
  const { step, scalars } = unit.event
  return shortened(`step ${step}: ${scalars.map(({ tag, value }) => `${tag} ${value}`).join(', ')}`)
}
