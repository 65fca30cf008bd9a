import { checkedValue } from '../../media/checked-file.js'
import { tensorBoardSystemName } from '../../monitor/system/names.js'
import type { RecordBatch } from '../../record/batch.js'
import { isUpdateRecord, MEDIA_PRODUCER, type MediaRecord, type MediaRecordOf } from '../../record/media.js'
import { LeftOut } from './left-out.js'
import { encodeMedia } from './media/encode.js'
import { encodeSessionStart } from './media/hparams.js'
import { encodeValue, type SummaryValue } from './media/summary.js'
import { MediaEncoder } from './media-encoder.js'
import { EVENT_SUMMARY, type EventHead, eventWith } from './protobuf/event.js'
import type { RecordBuffer } from './record-buffer.js'
import { ScalarEncoder } from './scalar-encoder.js'
import type { DirectoryState } from './state.js'

/** Where a directory's hyper-parameters come from: readers take them once. */
export type HParamsSource = 'config' | 'logged'

export interface EncodedRun {
  readonly runDir: string
  /** Milliseconds since the epoch. */
  readonly startTime: number
}

/** All rows of one directory into Events, for one event file; what the file holds is a function of these calls. */
export class EventEncoder {
  readonly leftOut = new LeftOut()
  /** Undefined while there are none. */
  hparams: HParamsSource | undefined
  readonly #run: EncodedRun
  readonly #scalars: ScalarEncoder
  readonly #media: MediaEncoder

  constructor(run: EncodedRun, state?: DirectoryState) {
    this.#run = run
    this.hparams = state?.hparams
    this.#media = new MediaEncoder(state?.media ?? [], (tag) => this.#scalars.has(tag), this.leftOut)
    this.#scalars = new ScalarEncoder({
      tags: state?.tags ?? [],
      lastSteps: state?.lastSteps ?? [],
      maxStep: state?.maxStep ?? Number.NEGATIVE_INFINITY,
      isMedia: (tag) => this.#media.has(tag),
      leftOut: this.leftOut,
    })
  }

  /** Encodes rows `from .. to - 1`, none of them media; returns how many of them had nothing to write. */
  encode(batch: RecordBatch, from: number, to: number, out: RecordBuffer): number {
    return this.#scalars.encode(batch, from, to, out)
  }

  /**
   * Encodes a media row; false where it was left out. Reads the record's file. Throws MediaFileError, and the file
   * system's other errors, and has then written nothing.
   */
  encodeMedia(record: MediaRecord, step: number, time: number, out: RecordBuffer): boolean {
    if (record.kind === 'system') return this.#encodeSystem(record, step, time, out)
    if (isUpdateRecord(record)) return false
    const head = { step: Math.floor(step), wallTime: time / 1000 }
    if (!Number.isSafeInteger(head.step)) {
      this.leftOut.stepTooLarge = true
      return false
    }
    if (record.kind !== 'hparams') return this.#media.encode(encodeMedia(this.#run.runDir, record), head, out)
    if (this.hparams !== undefined) {
      this.leftOut.hparamsTwice = true
      return false
    }
    const values = checkedValue(this.#run.runDir, record)
    this.#writeHParams(encodeSessionStart(values, this.#run.startTime), head, out)
    this.#media.maxStep = Math.max(this.#media.maxStep, head.step)
    this.hparams = 'logged'
    return true
  }

  /** The run's config, at the beginning of the directory's first file. */
  encodeConfig(value: SummaryValue, out: RecordBuffer): void {
    this.#writeHParams(value, { step: 0, wallTime: this.#run.startTime / 1000 }, out)
    this.hparams = 'config'
  }

  /** How the run ended. */
  encodeEnd(value: SummaryValue, wallTime: number, out: RecordBuffer): void {
    this.#writeHParams(value, { step: 0, wallTime }, out)
  }

  get maxStep(): number {
    // The run's own hyper-parameters are at step 0.
    const ofHParams = this.hparams === undefined ? Number.NEGATIVE_INFINITY : 0
    return Math.max(this.#scalars.maxStep, this.#media.maxStep, ofHParams)
  }

  state(): Pick<DirectoryState, 'maxStep' | 'tags' | 'lastSteps' | 'media' | 'hparams'> {
    return {
      maxStep: this.maxStep,
      tags: this.#scalars.tagNames(),
      lastSteps: this.#scalars.lastSteps(),
      media: this.#media.tags(),
      ...(this.hparams !== undefined && { hparams: this.hparams }),
    }
  }

  /** What the machine did, as scalars `system/<name>`. */
  #encodeSystem(record: MediaRecordOf<'system'>, step: number, time: number, out: RecordBuffer): boolean {
    const { values } = checkedValue<'system'>(this.#run.runDir, record)
    const tags = new Map<string, number>()
    for (const [name, value] of Object.entries(values)) {
      const tag = tensorBoardSystemName(name)
      if (tag !== null) tags.set(tag, value)
    }
    return this.#scalars.encodeValues(tags, Math.floor(step), time / 1000, out)
  }

  /** All that they say is in their metadata, and each comes once: no rule for tags applies. */
  #writeHParams(value: SummaryValue, head: EventHead, out: RecordBuffer): void {
    out.appendPieces(eventWith(head, EVENT_SUMMARY, encodeValue(value, true)))
  }
}

/** Consecutive rows of a batch that go to one directory; or one media row. */
export interface Stretch {
  /** Whose directory: 0 is the root. */
  readonly producer: number
  readonly from: number
  readonly to: number
  readonly record: MediaRecord | undefined
}

export function* stretchesOf({ count, producers, media }: RecordBatch): Generator<Stretch> {
  for (let from = 0; from < count; ) {
    const producer = producers[from]!
    const record = producer === MEDIA_PRODUCER ? media.get(from) : undefined
    let to = from + 1
    if (record !== undefined) yield { producer: directoryOf(record), from, to, record }
    else {
      while (to < count && producers[to] === producer) to++
      yield { producer, from, to, record }
    }
    from = to
  }
}

/** Hyper-parameters are the run's, whichever thread logged them. */
const directoryOf = ({ kind, producer }: MediaRecord): number => (kind === 'hparams' ? 0 : producer)
