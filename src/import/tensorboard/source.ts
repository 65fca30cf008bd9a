import { basename, dirname } from 'node:path'
import type { JsonObject } from '../../record/json.js'
import type { RunStatus } from '../../sinks/sink.js'
import { ProtobufError } from '../protobuf.js'
import {
  type ImportedFacts,
  type ImportedRow,
  LeftOut,
  plainFacts,
  type RunSource,
  type SourceReader,
} from '../types.js'
import { decodeSessionInfo } from './hparams.js'
import { decodeEvent, type Event, type Plugins } from './scalars.js'
import { readRecords } from './tfrecords.js'

export const isEventFile = (name: string): boolean => name.includes('tfevents')

/** The event files of one directory are one run: later ones, by name, go on where earlier ones end. */
export function tensorboardSource(path: string, name: string, files: readonly string[]): RunSource {
  return { kind: 'tensorboard', path, files, open: () => new EventReader(name, files) }
}

/** `train` alone says little: the directory above it is part of the name. */
export function nameOf(path: string, within: string): string {
  const inside = path === within ? '' : path.slice(within.length + 1)
  return [basename(within) || basename(dirname(within)), ...inside.split(/[\\/]/)].filter(Boolean).join('-')
}

class EventReader implements SourceReader {
  readonly #name: string
  readonly #files: readonly string[]
  readonly #leftOut = new LeftOut()
  readonly #plugins: Plugins = new Map()
  #config: JsonObject = {}
  #status: RunStatus = 'completed'

  constructor(name: string, files: readonly string[]) {
    this.#name = name
    this.#files = files
  }

  /** Scalars that follow each other with the same step and time are one row, as they were one call. */
  *records(): Generator<ImportedRow> {
    let row: { step: number; time: number; values: Map<string, number> } | null = null
    for (const { step, time, scalars, hparams } of this.#events()) {
      for (const data of hparams) this.#addSession(data)
      for (const { tag, value } of scalars) {
        if (value === null) {
          this.#leftOut.add('values that are no scalars')
          continue
        }
        if (row === null || row.step !== step || row.time !== time || row.values.has(tag)) {
          if (row !== null) yield row
          row = { step, time, values: new Map() }
        }
        row.values.set(tag, value)
      }
    }
    if (row !== null) yield row
  }

  facts(): ImportedFacts {
    const facts = plainFacts(this.#name, this.#leftOut.counts)
    return { ...facts, config: this.#config, status: this.#status }
  }

  #addSession(data: Buffer): void {
    try {
      const { config, status } = decodeSessionInfo(data)
      this.#config = { ...this.#config, ...config }
      this.#status = status ?? this.#status
    } catch (error) {
      if (!(error instanceof ProtobufError)) throw error
      this.#leftOut.add('damaged records')
    }
  }

  *#events(): Generator<Event> {
    for (const file of this.#files) {
      for (const record of readRecords(file, this.#leftOut)) {
        const event = this.#decode(record)
        if (event !== null) yield event
      }
    }
  }

  #decode(record: Buffer): Event | null {
    try {
      return decodeEvent(record, this.#plugins)
    } catch (error) {
      if (!(error instanceof ProtobufError)) throw error
      this.#leftOut.add('damaged records')
      return null
    }
  }
}
