import { closeSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { segmentPath } from '../../journal/files.js'
import { FIRST_PLACE, offsetOf, segmentOf } from '../../journal/position.js'
import { JournalReader } from '../../journal/reader.js'
import { readRewinds } from '../../journal/rewinds.js'
import { bytesBefore, journalBytes } from '../../journal/size.js'
import type { MediaKind } from '../../record/media.js'
import { IndexFile, writeIndex } from './index-file.js'
import { PlainRows } from './plain-rows.js'
import type { Pyramid } from './pyramid.js'
import { type MetricKey, SeriesTable } from './series-table.js'

/** The index on the disk may be so much of the journal behind. */
const MAX_UNSAVED_BYTES = 4 * 2 ** 20
const CHECKED_BYTES = 4096

/**
 * The metrics of one run's journal, for charts: brought up to what is in the journal by reading only what is new, and
 * kept in `index/` of the run directory. A journal that goes on, or a run that lives, is read further at the next
 * `update()`. Blocks: not for the training thread.
 */
export class SeriesIndex {
  readonly #runDir: string
  readonly #journal: string
  #file: IndexFile | null
  #table = new SeriesTable()
  #place = FIRST_PLACE
  /** How often the run had been resumed from an earlier step: each time rows are superseded. */
  #rewinds: number
  #unsavedBytes = 0

  constructor(runDir: string) {
    this.#runDir = runDir
    this.#journal = join(runDir, 'journal')
    this.#rewinds = readRewinds(this.#journal).length
    this.#file = IndexFile.open(runDir)
    if (this.#file !== null && !this.#isOf(this.#file)) this.#forgetFile()
    if (this.#file !== null) this.#adopt(this.#file)
  }

  /** Rows that are in the index. */
  get rows(): number {
    return this.#table.rows
  }

  get metrics(): readonly MetricKey[] {
    return this.#table.series
  }

  /** Whether the journal has records of this kind. */
  has(kind: MediaKind): boolean {
    return this.#table.kinds.has(kind)
  }

  /** Reads what the journal has beyond the index. */
  update(): void {
    this.#forgetIfRewound()
    const behind = this.#behind()
    if (behind === 0) return
    // They get further points. One that is damaged: all of it is made again.
    const { series } = this.#table
    for (const [index, entry] of series.entries()) entry.pyramid ??= this.#file!.pyramid(index)
    if (series.some(({ pyramid }) => pyramid === null)) this.#forget()
    if (!this.#readPlain()) this.#readOther()
    this.#unsavedBytes += behind
    if (this.#unsavedBytes > MAX_UNSAVED_BYTES || this.#file === null) this.#save()
  }

  /** False: there is more, which is not as simple. */
  #readPlain(): boolean {
    const reader = new PlainRows(this.#journal, this.#place, this.#table)
    try {
      return reader.read()
    } finally {
      this.#place = reader.place
      reader.close()
    }
  }

  #readOther(): void {
    const reader = new JournalReader(this.#journal, this.#place)
    try {
      for (let at = reader.position, batch = reader.read(); batch !== null; batch = reader.read()) {
        this.#table.addBatch(batch, at)
        at = reader.position
      }
      this.#place = reader.place
    } finally {
      reader.close()
    }
  }

  /** Of one metric; null where the run has none of that name. */
  pyramid(producer: number, name: string): Pyramid | null {
    const index = this.#table.indexOf({ producer, name })
    if (index === undefined) return null
    const series = this.#table.series[index]!
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
    const { rows, series } = this.#table
    const metrics = series.map(({ producer, name, pyramid }) => ({ producer, name, pyramid: pyramid! }))
    const kinds = [...this.#table.kinds]
    try {
      const check = checkBytes(this.#journal, this.#place.position)
      writeIndex(this.#runDir, { place: this.#place, check, rewinds: this.#rewinds, rows, kinds, metrics })
    } catch {
      // A run that is not ours to write to, or a full disk: nothing is lost by it.
    }
  }

  #adopt({ head }: IndexFile): void {
    this.#place = head.place
    this.#table = new SeriesTable(head.metrics)
    this.#table.rows = head.rows
    for (const kind of head.kinds) this.#table.kinds.add(kind)
  }

  #forgetIfRewound(): void {
    const rewinds = readRewinds(this.#journal).length
    if (rewinds === this.#rewinds) return
    this.#rewinds = rewinds
    this.#forget()
  }

  #forget(): void {
    this.#forgetFile()
    this.#place = FIRST_PLACE
    this.#table = new SeriesTable()
  }

  #forgetFile(): void {
    this.#file?.close()
    this.#file = null
  }

  #isOf({ head }: IndexFile): boolean {
    const { position } = head.place
    if (head.rewinds !== this.#rewinds) return false
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
