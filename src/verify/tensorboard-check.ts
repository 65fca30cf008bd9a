import fs from 'node:fs'
import path from 'node:path'
import { MediaFileError } from '../media/checked-file.js'
import type { RecordBatch } from '../record/batch.js'
import type { MediaRecord } from '../record/media.js'
import { configHParams } from '../sinks/tensorboard/config-hparams.js'
import { EventEncoder, stretchesOf } from '../sinks/tensorboard/event-encoder.js'
import { ownNames } from '../sinks/tensorboard/event-file.js'
import { CUSTOM_SCALARS_TAG } from '../sinks/tensorboard/media/custom-scalars.js'
import { SESSION_START_TAG, sessionEnd } from '../sinks/tensorboard/media/hparams.js'
import { RecordBuffer } from '../sinks/tensorboard/record-buffer.js'
import { type DirectoryState, parseState } from '../sinks/tensorboard/state.js'
import { Alignment, type Description } from './alignment.js'
import { type ContentCheck, type ContentSetup, shortened } from './content-check.js'
import { EventFiles, type EventUnit, type ReadFile, splitEvents } from './event-files.js'
import type { EventValue } from './event-record.js'
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
    for (const { producer, from, to, record } of stretchesOf(batch)) {
      const directory = this.#directory(producer === 0 ? '' : this.#setup.context.producerName(producer))
      if (record === undefined) directory.expect(batch, from, to)
      else directory.expectMedia(record, batch.steps[from]!, batch.times[from]!)
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

/** Expected pictures are compared when there are so many bytes of them. */
const COMPARE_BYTES = 4 * 1024 * 1024

/** One directory of event files. */
class DirectoryCheck {
  readonly #name: string
  readonly #encoder: EventEncoder
  readonly #records = new RecordBuffer()
  readonly #files: EventFiles
  readonly #alignment: Alignment<EventUnit>
  readonly #found: FoundFiles
  readonly #problem: string | null
  readonly #end: ReturnType<typeof sessionEnd>
  /** Tag and step of what cannot be computed any more, since its media file is gone: the event file may have it. */
  readonly #lostMedia = new Set<string>()

  constructor(setup: ContentSetup, name: string, state: DirectoryState | undefined) {
    const { context, lost } = setup
    this.#name = path.join('tensorboard', name)
    this.#end = endOf(setup, name, state)
    const directory = path.join(context.runDir, this.#name)
    this.#found = findFiles(directory, state, this.#end !== null)
    this.#problem = problemOf(this.#found, state)
    this.#files = new EventFiles(directory, this.#name, this.#found.files)
    this.#encoder = new EventEncoder(context)
    if (state?.hparams === 'config') this.#expectConfig(context)
    this.#alignment = new Alignment({
      actual: this.#files,
      split: splitEvents,
      isLost: (unit) => this.#isLost(unit),
      lostWithoutId: lost.count,
      describe,
    })
  }

  expect(batch: RecordBatch, from: number, to: number): void {
    this.#encoder.encode(batch, from, to, this.#records)
  }

  expectMedia(record: MediaRecord, step: number, time: number): void {
    try {
      this.#encoder.encodeMedia(record, step, time, this.#records)
    } catch (error) {
      if (!(error instanceof MediaFileError)) throw error
      this.#lostMedia.add(placeOf(tagOf(record), Math.floor(step)))
    }
    if (this.#records.length >= COMPARE_BYTES) this.compare()
  }

  compare(): void {
    const { bytes, length } = this.#records
    if (length > 0) this.#alignment.expect(Buffer.from(bytes.buffer, 0, length))
    this.#records.clear()
  }

  finish(): FileCheck {
    if (this.#end !== null) this.#encoder.encodeEnd(this.#end.value, this.#end.wallTime, this.#records)
    this.compare()
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

  /** Without run.json's config the event of it is one too many, which says what is wrong. */
  #expectConfig({ runDir, startTime }: ContentSetup['context']): void {
    const config = configHParams(runDir, startTime)
    if (config !== null) this.#encoder.encodeConfig(config, this.#records)
    else this.#encoder.hparams = 'config'
  }

  #isLost({ event }: EventUnit): boolean {
    if (this.#lostMedia.size === 0 || event === null) return false
    return event.values.some(({ tag }) => this.#lostMedia.has(placeOf(tag, event.step)))
  }
}

/** The end of the run lies behind what is committed, once the sink was closed for good. */
function endOf(
  { complete, outcome }: ContentSetup,
  name: string,
  state: DirectoryState | undefined,
): ReturnType<typeof sessionEnd> {
  const isExpected = name === '' && state?.hparams !== undefined && complete && outcome !== null
  return isExpected ? sessionEnd(outcome) : null
}

/** The tag that tells a record whose file is gone: its first one, where there are more. */
function tagOf({ kind, name }: MediaRecord): string {
  if (kind === 'mesh') return `${name}_VERTEX`
  if (kind === 'custom-scalars') return CUSTOM_SCALARS_TAG
  return kind === 'hparams' ? SESSION_START_TAG : name
}

const placeOf = (tag: string, step: number): string => `${step} ${tag}`

interface FoundFiles {
  /** What is to be compared, in order. */
  readonly files: readonly ReadFile[]
  /** What the cursor knows of them. */
  readonly committedFiles: number
  readonly bytes: number
  readonly uncommittedBytes: number
  /** Size of the last file that the cursor knows; null where it is gone. */
  readonly lastSize: number | null
}

/** `closed`: what follows the committed bytes is content too. */
function findFiles(directory: string, state: DirectoryState | undefined, closed: boolean): FoundFiles {
  const names = fs.existsSync(directory) ? ownNames(directory) : []
  const files: ReadFile[] = []
  let bytes = 0
  let committedFiles = 0
  let uncommittedBytes = 0
  let lastSize: number | null = null
  for (const name of names) {
    const { size } = fs.statSync(path.join(directory, name))
    const isLast = name === state?.file
    const committed =
      state === undefined || name > state.file ? 0 : isLast ? Math.min(size, state.length) : size
    if (isLast) lastSize = size
    const length = closed ? size : committed
    uncommittedBytes += size - length
    bytes += committed
    if (committed > 0) committedFiles++
    if (length > 0) files.push({ name, length })
  }
  return { files, committedFiles, bytes, uncommittedBytes, lastSize }
}

function problemOf(
  { committedFiles, bytes, lastSize }: FoundFiles,
  state: DirectoryState | undefined,
): string | null {
  if (state === undefined) return null
  if (lastSize === null) return `${state.file} is gone`
  if (lastSize < state.length) return `${state.file} holds ${lastSize} of ${state.length} bytes`
  const { earlier } = state
  if (earlier === undefined) return null
  const found = { files: committedFiles - 1, bytes: bytes - state.length }
  if (found.files !== earlier.files) return `${found.files + 1} of ${earlier.files + 1} event files are there`
  return found.bytes === earlier.bytes ? null : `holds ${bytes} of ${earlier.bytes + state.length} bytes`
}

function describe(expected: EventUnit | null, found: EventUnit | null): Description {
  const before = expected?.event?.values
  const after = found?.event?.values
  const index = before && after ? before.findIndex((value, i) => !isSame(value, after[i])) : -1
  if (index < 0) return { field: null, expected: told(expected), found: told(found) }
  const value = before![index]!
  const other = after![index]
  const otherText =
    other === undefined ? 'nothing' : `${other.tag === value.tag ? '' : `${other.tag} `}${shown(other)}`
  return { field: value.tag, expected: shown(value), found: shortened(otherText) }
}

const isSame = ({ tag, scalar, tensor }: EventValue, other: EventValue | undefined): boolean =>
  other?.tag === tag && (scalar === null ? other.tensor === tensor : Object.is(other.scalar, scalar))

const shown = ({ scalar }: EventValue): string => (scalar === null ? 'media' : String(scalar))

function told(unit: EventUnit | null): string | null {
  if (unit === null) return null
  if (unit.event === null) return 'damaged bytes'
  const { step, values } = unit.event
  return shortened(`step ${step}: ${values.map((value) => `${value.tag} ${shown(value)}`).join(', ')}`)
}
