import type { LeftOut } from './left-out.js'
import type { EncodedMedia } from './media/encode.js'
import { encodeValue, type SummaryValue } from './media/summary.js'
import { EVENT_GRAPH_DEF, EVENT_SUMMARY, type EventHead, eventWith } from './protobuf/event.js'
import type { RecordBuffer } from './record-buffer.js'

/** What readers call a GraphDef, which has no tag in the file. */
const GRAPH_TAG = '__run_graph__'
const GRAPH_PLUGIN = 'graphs'

/** A tag that holds media. */
export interface MediaTag {
  readonly tag: string
  readonly plugin: string
  readonly lastStep: number
}

interface OpenTag {
  readonly plugin: string
  lastStep: number
  /** Its metadata is in this event file. */
  described: boolean
}

/**
 * Media into Events, for one event file: a record is one Event. A tag shows one kind, and its steps never go back
 * (see ScalarEncoder).
 */
export class MediaEncoder {
  maxStep = Number.NEGATIVE_INFINITY
  readonly #tags: Map<string, OpenTag>
  readonly #isScalar: (tag: string) => boolean
  readonly #leftOut: LeftOut

  constructor(tags: readonly MediaTag[], isScalar: (tag: string) => boolean, leftOut: LeftOut) {
    this.#tags = new Map(
      tags.map(({ tag, plugin, lastStep }) => [tag, { plugin, lastStep, described: false }]),
    )
    this.#isScalar = isScalar
    this.#leftOut = leftOut
  }

  has(tag: string): boolean {
    return this.#tags.has(tag)
  }

  tags(): MediaTag[] {
    return [...this.#tags].map(([tag, { plugin, lastStep }]) => ({ tag, plugin, lastStep }))
  }

  /** False where the record was left out. */
  encode({ values, graphDef }: EncodedMedia, head: EventHead, out: RecordBuffer): boolean {
    if (!values.every((value) => this.#fits(value, head.step))) return false
    if (head.step > this.maxStep) this.maxStep = head.step
    this.#write(values, head, out)
    // One per directory: readers keep one.
    if (graphDef && !this.#tags.has(GRAPH_TAG)) {
      this.#tags.set(GRAPH_TAG, { plugin: GRAPH_PLUGIN, lastStep: head.step, described: true })
      out.appendPieces(eventWith(head, EVENT_GRAPH_DEF, [graphDef]))
    }
    return true
  }

  #fits({ tag, plugin }: SummaryValue, step: number): boolean {
    const known = this.#tags.get(tag)
    if (known === undefined ? this.#isScalar(tag) : known.plugin !== plugin) {
      this.#leftOut.otherKind = true
      return false
    }
    if (known === undefined || step >= known.lastStep) return true
    this.#leftOut.steppedBack = true
    return false
  }

  #write(values: readonly SummaryValue[], head: EventHead, out: RecordBuffer): void {
    const pieces = values.flatMap((value) => {
      const known = this.#tags.get(value.tag)
      this.#tags.set(value.tag, { plugin: value.plugin, lastStep: head.step, described: true })
      return encodeValue(value, known?.described !== true)
    })
    out.appendPieces(eventWith(head, EVENT_SUMMARY, pieces))
  }
}
