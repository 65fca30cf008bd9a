import type { RecordBatch } from '../../record/batch.js'
import {
  fieldKey,
  MAX_VARINT_BYTES,
  WIRE_BYTES,
  WIRE_FIXED64,
  WIRE_VARINT,
  writeInt64,
  writeVarint,
} from '../protobuf/encoding.js'
import type { LeftOut } from './left-out.js'
import {
  EVENT_STEP,
  EVENT_SUMMARY,
  EVENT_WALL_TIME,
  type ScalarTemplate,
  scalarTemplate,
} from './protobuf/event.js'
import type { RecordBuffer } from './record-buffer.js'

const WALL_TIME_KEY = fieldKey(EVENT_WALL_TIME, WIRE_FIXED64)
const STEP_KEY = fieldKey(EVENT_STEP, WIRE_VARINT)
const SUMMARY_KEY = fieldKey(EVENT_SUMMARY, WIRE_BYTES)
/** Of an Event: wall time, step, key and length of the summary. */
const MAX_EVENT_PREFIX_BYTES = 9 + 1 + MAX_VARINT_BYTES + 1 + 5

class Tag {
  readonly name: string
  lastStep: number
  /** For the next value: with metadata until the first one of the file is written. */
  template: ScalarTemplate
  readonly plain: ScalarTemplate

  constructor(name: string, lastStep: number) {
    this.name = name
    this.lastStep = lastStep
    this.template = scalarTemplate(name, true)
    this.plain = scalarTemplate(name, false)
  }
}

/** The last step of a name that is no tag of scalars: no step comes after it. */
const NEVER = Number.POSITIVE_INFINITY

export interface ScalarEncoderSetup {
  /** Every tag that the directory has, and the last step of each. */
  readonly tags: readonly string[]
  readonly lastSteps: readonly number[]
  readonly maxStep: number
  /** True for the tag of an image, a histogram, ... */
  readonly isMedia: (tag: string) => boolean
  readonly leftOut: LeftOut
}

/**
 * Rows into Events, for one event file: one Event per row, one Summary.value per metric. A tag's steps never go
 * back in a directory: TensorBoard's fast loader takes a lower step for a restart, and drops every later point.
 */
export class ScalarEncoder {
  maxStep: number
  readonly #leftOut: LeftOut
  readonly #isMedia: (tag: string) => boolean
  readonly #tags: Tag[] = []
  readonly #tagOfName = new Map<string, Tag>()
  /** By index of `batch.names`. */
  readonly #tagOfKey: (Tag | undefined)[] = []
  /** What the row at hand will hold. */
  readonly #templates: ScalarTemplate[] = []
  readonly #values: number[] = []
  #selected = 0

  constructor({ tags, lastSteps, maxStep, isMedia, leftOut }: ScalarEncoderSetup) {
    this.maxStep = maxStep
    this.#isMedia = isMedia
    this.#leftOut = leftOut
    tags.forEach((name, index) => {
      this.#add(name, lastSteps[index]!)
    })
  }

  has(tag: string): boolean {
    const known = this.#tagOfName.get(tag)
    return known !== undefined && known.lastStep !== NEVER
  }

  tagNames(): string[] {
    return this.#tags.map((tag) => tag.name)
  }

  lastSteps(): number[] {
    return this.#tags.map((tag) => tag.lastStep)
  }

  /** Encodes rows `from .. to - 1`; returns how many of them had nothing to write. */
  encode(batch: RecordBatch, from: number, to: number, out: RecordBuffer): number {
    const { steps, times } = batch
    let leftOut = 0
    for (let row = from; row < to; row++) {
      const step = Math.floor(steps[row]!)
      const summaryLength = this.#select(batch, row, step)
      if (summaryLength === 0) {
        leftOut++
        continue
      }
      if (step > this.maxStep) this.maxStep = step
      this.#writeEvent(out, step, times[row]! / 1000, summaryLength)
    }
    return leftOut
  }

  /**
   * Encodes values of one moment that no row has; false where there was nothing to write. A step that is lower than a
   * tag's last one becomes that: they are looked at by the clock.
   */
  encodeValues(
    values: ReadonlyMap<string, number>,
    step: number,
    wallTime: number,
    out: RecordBuffer,
  ): boolean {
    if (!Number.isSafeInteger(step)) {
      this.#leftOut.stepTooLarge = true
      return false
    }
    const tags = [...values.keys()].map((name) => this.#tagOfName.get(name) ?? this.#newTag(name))
    const usable = tags.filter(({ lastStep }) => lastStep !== NEVER)
    if (usable.length < tags.length) this.#leftOut.otherKind = true
    if (usable.length === 0) return false
    const at = usable.reduce((highest, { lastStep }) => Math.max(highest, lastStep), step)
    this.#selected = 0
    let length = 0
    for (const tag of usable) {
      length += this.#take(tag, at, values.get(tag.name)!, this.#selected++)
    }
    if (at > this.maxStep) this.maxStep = at
    this.#writeEvent(out, at, wallTime, length)
    return true
  }

  /** Picks the templates and values of a row; returns how many bytes they will take. */
  #select(batch: RecordBatch, row: number, step: number): number {
    const { keys, values, offsets } = batch
    if (!Number.isSafeInteger(step)) {
      this.#leftOut.stepTooLarge = true
      return 0
    }
    const end = offsets[row + 1]!
    let count = 0
    let length = 0
    for (let slot = offsets[row]!; slot < end; slot++) {
      const tag = this.#tagOfKey[keys[slot]!] ?? this.#tagFor(batch.names, keys[slot]!)
      if (step < tag.lastStep) {
        if (tag.lastStep === NEVER) this.#leftOut.otherKind = true
        else this.#leftOut.steppedBack = true
        continue
      }
      length += this.#take(tag, step, values[slot]!, count++)
    }
    this.#selected = count
    return length
  }

  /** The next value of the event at hand; returns how many bytes it will take. */
  #take(tag: Tag, step: number, value: number, index: number): number {
    const { template } = tag
    tag.lastStep = step
    tag.template = tag.plain
    this.#templates[index] = template
    this.#values[index] = value
    return template.bytes.length
  }

  #writeEvent(out: RecordBuffer, step: number, wallTime: number, summaryLength: number): void {
    let at = out.begin(MAX_EVENT_PREFIX_BYTES + summaryLength)
    const { bytes, view } = out
    bytes[at] = WALL_TIME_KEY
    view.setFloat64(at + 1, wallTime, true)
    bytes[at + 9] = STEP_KEY
    at = writeInt64(bytes, at + 10, step)
    bytes[at] = SUMMARY_KEY
    at = writeVarint(bytes, at + 1, summaryLength)
    const templates = this.#templates
    const values = this.#values
    for (let index = 0; index < this.#selected; index++) {
      const template = templates[index]!
      bytes.set(template.bytes, at)
      view.setFloat32(at + template.floatOffset, values[index]!, true)
      at += template.bytes.length
    }
    out.end(at)
  }

  #tagFor(names: readonly string[], key: number): Tag {
    const name = names[key]!
    const tag = this.#tagOfName.get(name) ?? this.#newTag(name)
    // No holes: they would slow down every later look-up.
    while (this.#tagOfKey.length < names.length) this.#tagOfKey.push(undefined)
    this.#tagOfKey[key] = tag
    return tag
  }

  #newTag(name: string): Tag {
    if (!this.#isMedia(name)) return this.#add(name, Number.NEGATIVE_INFINITY)
    const tag = new Tag(name, NEVER)
    this.#tagOfName.set(name, tag)
    return tag
  }

  #add(name: string, lastStep: number): Tag {
    const tag = new Tag(name, lastStep)
    this.#tags.push(tag)
    this.#tagOfName.set(name, tag)
    return tag
  }
}
