import { isDivisible, pause } from '../../../http/pause.js'
import type { HistoryLine } from '../../history/history-line.js'
import type { FileStream } from './file-stream.js'
import type { LineCounts, StreamedFile, StreamedLines } from './stream-request.js'

/** W&B's limit of a request. */
const MAX_BODY_BYTES = 10 * 1024 * 1024
/** For all of a request that is not lines. */
const ENVELOPE_BYTES = 1024
/** A server that has refused so many lines in a row refuses something else than the lines. */
const MAX_REFUSED_IN_ROW = 20

/** A line on its way. */
export interface Line {
  readonly file: StreamedFile
  /** The line as a JSON string, with its quotes. */
  readonly json: string
  /** Rows of the batch that are in it. */
  readonly rows: readonly number[]
  /** Of a history line. */
  readonly history?: HistoryLine
}

export interface RefusedLine {
  readonly line: Line
  readonly cause: string
  readonly reason: string
}

export interface SentLines {
  /** The numbers of the next lines. */
  readonly offsets: LineCounts
  readonly refused: readonly RefusedLine[]
  /** Lines refused since the last one that was taken. */
  readonly refusedInRow: number
}

/**
 * Sends lines in requests of an allowed size, those of several files in one. A request that the server refuses is
 * halved until the bad line stands alone; it gets no number, and the others go on.
 */
export class LineSender {
  readonly #stream: FileStream
  #maxBytes = MAX_BODY_BYTES - ENVELOPE_BYTES

  constructor(stream: FileStream) {
    this.#stream = stream
  }

  /** `uploaded`: files that are named in the first request that the server takes. */
  async send(
    lines: readonly Line[],
    uploaded: readonly string[],
    from: { readonly offsets: LineCounts; readonly refusedInRow: number },
    key: string,
    signal: AbortSignal,
  ): Promise<SentLines> {
    let { offsets, refusedInRow } = from
    let names = uploaded
    const refused: RefusedLine[] = []
    const parts = this.#parts(lines, names).reverse()
    for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
      try {
        await this.#stream.send({ lines: requestOf(part, offsets), uploaded: names }, key, signal)
        offsets = behind(part, offsets)
        refusedInRow = 0
        names = []
      } catch (error) {
        if (!isDivisible(error)) throw error
        if (part.length > 1) {
          const half = part.length >> 1
          parts.push(part.slice(half), part.slice(0, half))
          if (error.action === 'split') this.#maxBytes = Math.min(this.#maxBytes, bytesOf(part) >> 1)
        } else {
          refused.push({ line: part[0]!, cause: error.code, reason: error.message })
          if (++refusedInRow >= MAX_REFUSED_IN_ROW) throw refusesEverything(error.message)
        }
      }
    }
    if (names.length > 0) await this.#stream.send({ uploaded: names }, key, signal)
    return { offsets, refused, refusedInRow }
  }

  /** As few as the limit allows; a line that is longer than it stands alone. */
  #parts(lines: readonly Line[], uploaded: readonly string[]): Line[][] {
    const parts: Line[][] = []
    let bytes = Number.POSITIVE_INFINITY
    for (const line of lines) {
      const size = sizeOf(line)
      if (bytes + size > this.#maxBytes) {
        bytes = parts.length === 0 ? Buffer.byteLength(JSON.stringify(uploaded)) : 0
        parts.push([])
      }
      parts.at(-1)!.push(line)
      bytes += size
    }
    return parts
  }
}

type Content = { readonly [File in StreamedFile]?: StreamedLines }

function requestOf(part: readonly Line[], offsets: LineCounts): Content {
  const content: { [File in StreamedFile]?: { offset: number; content: string[] } } = {}
  for (const { file, json } of part) {
    content[file] ??= { offset: offsets[file], content: [] }
    content[file].content.push(json)
  }
  return content
}

function behind(part: readonly Line[], offsets: LineCounts): LineCounts {
  const next = { ...offsets }
  for (const { file } of part) next[file]++
  return next
}

const sizeOf = ({ json }: Line): number => Buffer.byteLength(json) + 1

const bytesOf = (part: readonly Line[]): number => part.reduce((sum, line) => sum + sizeOf(line), 0)

const refusesEverything = (message: string) =>
  pause(
    'WANDB_REFUSES_ALL',
    `W&B has refused ${MAX_REFUSED_IN_ROW} lines in a row, so none is given up: ${message}`,
  )
