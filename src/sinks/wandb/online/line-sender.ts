import type { HistoryLine } from '../history-line.js'
import { isDivisible, pause } from './answers.js'
import type { FileStream } from './file-stream.js'

/** W&B's limit of a request. */
const MAX_BODY_BYTES = 10 * 1024 * 1024
/** For all of a request that is not lines. */
const ENVELOPE_BYTES = 1024
/** A server that has refused so many lines in a row refuses something else than the lines. */
const MAX_REFUSED_IN_ROW = 20

export interface RefusedLine {
  readonly line: HistoryLine
  readonly cause: string
  readonly reason: string
}

export interface SentLines {
  /** The number of the next line. */
  readonly offset: number
  readonly refused: readonly RefusedLine[]
  /** Lines refused since the last one that was taken. */
  readonly refusedInRow: number
}

interface Piece {
  readonly line: HistoryLine
  /** The line as a JSON string. */
  readonly json: string
}

/**
 * Sends lines in requests of an allowed size. A request that the server refuses is halved until the bad line stands
 * alone; it gets no number, and the others go on.
 */
export class LineSender {
  readonly #stream: FileStream
  readonly #startTime: number
  #maxBytes = MAX_BODY_BYTES - ENVELOPE_BYTES

  constructor(stream: FileStream, startTime: number) {
    this.#stream = stream
    this.#startTime = startTime
  }

  async send(
    lines: readonly HistoryLine[],
    from: { readonly offset: number; readonly refusedInRow: number },
    key: string,
    signal: AbortSignal,
  ): Promise<SentLines> {
    let { offset, refusedInRow } = from
    const refused: RefusedLine[] = []
    const parts = this.#parts(lines).reverse()
    for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
      try {
        const content = part.map(({ json }) => json)
        await this.#stream.send({ history: { offset, content } }, key, signal)
        offset += part.length
        refusedInRow = 0
      } catch (error) {
        if (!isDivisible(error)) throw error
        if (part.length > 1) {
          const half = part.length >> 1
          parts.push(part.slice(half), part.slice(0, half))
          if (error.action === 'split') this.#maxBytes = Math.min(this.#maxBytes, bytesOf(part) >> 1)
        } else {
          refused.push({ line: part[0]!.line, cause: error.code, reason: error.message })
          if (++refusedInRow >= MAX_REFUSED_IN_ROW) throw refusesEverything(error.message)
        }
      }
    }
    return { offset, refused, refusedInRow }
  }

  /** As few as the limit allows; a line that is longer than it stands alone. */
  #parts(lines: readonly HistoryLine[]): Piece[][] {
    const parts: Piece[][] = []
    let bytes = Number.POSITIVE_INFINITY
    for (const line of lines) {
      const piece = { line, json: JSON.stringify(line.text(this.#startTime)) }
      const size = Buffer.byteLength(piece.json) + 1
      if (bytes + size > this.#maxBytes) {
        parts.push([])
        bytes = 0
      }
      parts.at(-1)!.push(piece)
      bytes += size
    }
    return parts
  }
}

const bytesOf = (part: readonly Piece[]): number =>
  part.reduce((sum, { json }) => sum + Buffer.byteLength(json) + 1, 0)

const refusesEverything = (message: string) =>
  pause(
    'WANDB_REFUSES_ALL',
    `W&B has refused ${MAX_REFUSED_IN_ROW} lines in a row, so none is given up: ${message}`,
  )
