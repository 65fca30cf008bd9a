import { closeSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { segmentPath } from '../../journal/files.js'
import { offsetOf, segmentOf } from '../../journal/position.js'
import { FIRST_PLACE, JournalReader } from '../../journal/reader.js'
import { bytesBefore, journalBytes } from '../../journal/size.js'
import type { RecordBatch } from '../../record/batch.js'
import { IndexFile, writeIndex } from './index-file.js'
import { Pyramid } from './pyramid.js'

/** Entries that all metrics of a run have together, about: 112 bytes each. */
const MAX_ENTRIES = 2 ** 20
/** Twice the points across a wide screen. */
const MAX_METRIC_ENTRIES = 2048
const MIN_METRIC_ENTRIES = 8
/** The index on the disk may be so much of the journal behind. */
const MAX_UNSAVED_BYTES = 4 * 2 ** 20
const CHECKED_BYTES = 4096

export interface MetricKey {
  readonly producer: number
  readonly name: string
}

interface IndexedSeries extends MetricKey {
  /** Null while it is only on the disk. */
  pyramid: Pyramid | null
}

/**
 * The metrics of one run's journal, for charts: brought up to what is in the journal by reading only what is new, and
 * kept in `index/` of the run directory. A journal that goes on, or a run that lives, is read further at the next
 * `update()`. Blocks: not for the training thread.
 */
export class SeriesIndex {
  readonly #runDir: string
  readonly #journal: string
  #file: IndexFile | null
  #series: IndexedSeries[] = []
  /** By producer, by name. */
  readonly #places = new Map<number, Map<string, number>>()
  #place = FIRST_PLACE
  #rows = 0
  #unsavedBytes = 0

  constructor(runDir: string) {
    this.#runDir = runDir
    this.#journal = join(runDir, 'journal')
    this.#file = IndexFile.open(runDir)
    if (this.#file !== null && !this.#isOf(this.#file)) this.#forgetFile()
    if (this.#file !== null) this.#adopt(this.#file)
  }

  /** Rows that are in the index. */
  get rows(): number {
    return this.#rows
  }

  get metrics(): readonly MetricKey[] {
    return this.#series
  }

  /** Reads what the journal has beyond the index. */
  update(): void {
    const behind = this.#behind()
    if (behind === 0) return
    // They get further points. One that is damaged: all of it is made again.
    for (const [index, series] of this.#series.entries()) series.pyramid ??= this.#file!.pyramid(index)
    if (this.#series.some(({ pyramid }) => pyramid === null)) this.#forget()
    const reader = new JournalReader(this.#journal, this.#place)
    try {
      for (let at = reader.position, batch = reader.read(); batch !== null; batch = reader.read()) {
        this.#add(batch, at)
        at = reader.position
      }
      this.#place = reader.place
    } finally {
      reader.close()
    }
    this.#unsavedBytes += behind
    if (this.#unsavedBytes > MAX_UNSAVED_BYTES || this.#file === null) this.#save()
  }

  /** Of one metric; null where the run has none of that name. */
  pyramid(producer: number, name: string): Pyramid | null {
    const index = this.#places.get(producer)?.get(name)
    if (index === undefined) return null
    const series = this.#series[index]!
    series.pyramid ??= this.#file!.pyramid(index)
    if (series.pyramid !== null) return series.pyramid
    this.#forget()
    this.update()
    return this.pyramid(producer, name)
  }

  close(): void {
    this.#forgetFile()
  }

  /** One that cannot be written is made again the next time. */
  #save(): void {
    this.#unsavedBytes = 0
    const metrics = this.#series.map(({ producer, name, pyramid }) => ({ producer, name, pyramid: pyramid! }))
    try {
      const check = checkBytes(this.#journal, this.#place.position)
      writeIndex(this.#runDir, { place: this.#place, check, rows: this.#rows, metrics })
    } catch {
      // A run that is not ours to write to, or a full disk: nothing is lost by it.
    }
  }

  #add(batch: RecordBatch, position: number): void {
    const { keys, values, offsets, steps, times, producers, names } = batch
    const limit = this.#limit()
    let producer = -1
    let places: (number | undefined)[] = []
    for (let row = 0; row < batch.count; row++) {
      if (batch.media.has(row)) continue
      if (producers[row] !== producer) {
        producer = producers[row]!
        places = names.map((name) => this.#places.get(producer)?.get(name))
      }
      const [step, time, end] = [steps[row]!, times[row]!, offsets[row + 1]!]
      for (let slot = offsets[row]!; slot < end; slot++) {
        const key = keys[slot]!
        const index = places[key] ?? this.#newSeries(producer, names[key]!)
        places[key] = index
        this.#series[index]!.pyramid!.add(step, time, values[slot]!, position, limit)
      }
    }
    this.#rows += batch.count - batch.media.size
  }

  #newSeries(producer: number, name: string): number {
    const index = this.#series.push({ producer, name, pyramid: new Pyramid() }) - 1
    this.#remember(producer, name, index)
    // Each doubling of the number of metrics halves what one of them may have.
    const limit = this.#limit()
    if (Number.isInteger(Math.log2(index)) && limit < MAX_METRIC_ENTRIES) {
      for (const { pyramid } of this.#series) pyramid!.shrink(limit)
    }
    return index
  }

  #limit(): number {
    const share = Math.floor(MAX_ENTRIES / Math.max(1, this.#series.length))
    return Math.min(MAX_METRIC_ENTRIES, Math.max(MIN_METRIC_ENTRIES, share))
  }

  #remember(producer: number, name: string, index: number): void {
    const names = this.#places.get(producer) ?? new Map<string, number>()
    this.#places.set(producer, names.set(name, index))
  }

  #adopt({ head }: IndexFile): void {
    this.#place = head.place
    this.#rows = head.rows
    this.#series = head.metrics.map(({ producer, name }) => ({ producer, name, pyramid: null }))
    for (const [index, { producer, name }] of head.metrics.entries()) this.#remember(producer, name, index)
  }

  #forget(): void {
    this.#forgetFile()
    this.#place = FIRST_PLACE
    this.#rows = 0
    this.#series = []
    this.#places.clear()
  }

  #forgetFile(): void {
    this.#file?.close()
    this.#file = null
  }

  #isOf({ head }: IndexFile): boolean {
    const { position } = head.place
    return this.#behind(position) >= 0 && checkBytes(this.#journal, position) === head.check
  }

  /** Bytes of the journal that are not in the index; less than none where the journal is another one. */
  #behind(position = this.#place.position): number {
    return journalBytes(this.#journal) - bytesBefore(this.#journal, position)
  }
}

/** CRC-32 of the last bytes of the journal before a place in it. */
function checkBytes(journal: string, position: number): number {
  const offset = offsetOf(position)
  const bytes = Buffer.alloc(Math.min(CHECKED_BYTES, offset))
  let fd: number
  try {
    fd = openSync(segmentPath(journal, segmentOf(position)), 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0
    throw error
  }
  try {
    const read = readSync(fd, bytes, 0, bytes.length, offset - bytes.length)
    return crc32(bytes.subarray(0, read))
  } finally {
    closeSync(fd)
  }
}
