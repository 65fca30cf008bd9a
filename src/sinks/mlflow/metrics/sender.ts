import { SinkError } from '../../errors.js'
import { isDivisible, pause } from '../../http/pause.js'
import type { RejectedRow } from '../../sink.js'
import { INTEGRITY_CODE } from '../api/answers.js'
import type { Client } from '../api/client.js'
import { MAX_REQUEST_BYTES } from '../api/limits.js'
import { missingPoints } from './history.js'
import type { Point } from './points.js'
import { bodyOf, requestsOf } from './requests.js'

/** A server that has refused so many points in a row refuses something else than the points. */
const MAX_REFUSED_IN_ROW = 20
/** A point that the database has refused so often, and does not have, is one that it cannot have. */
const MAX_CONFLICTS = 3
const ENVELOPE_BYTES = 400

/**
 * Sends points in requests of an allowed size. What the server has taken of a batch is remembered until the batch is
 * settled, so that a batch that comes again, whole or in parts, goes on with what is left. After a crash all of it comes
 * again, and MLflow drops what it has. Where it fails to, its history tells what is missing.
 */
export class MetricSender {
  readonly #client: Client
  readonly #runId: string
  readonly #taken = new Set<string>()
  /** How often the database has refused each point that stood alone. */
  readonly #conflicts = new Map<string, number>()
  #maxBytes = MAX_REQUEST_BYTES - ENVELOPE_BYTES
  #refusedInRow = 0

  constructor(client: Client, runId: string) {
    this.#client = client
    this.#runId = runId
  }

  /** The rows with a point that MLflow refuses for good. Throws a SinkError that says what to do. */
  async send(points: readonly Point[], signal: AbortSignal): Promise<RejectedRow[]> {
    const left = points.filter(({ id }) => !this.#taken.has(id))
    const refused = new Map<number, RejectedRow>()
    const parts = requestsOf(left, this.#maxBytes).reverse()
    for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
      try {
        parts.push(...(await this.#sendPart(part, signal)))
      } catch (error) {
        if (!isDivisible(error)) throw error
        if (error.action === 'split' && part.length > 1) this.#maxBytes = Math.ceil(this.#maxBytes / 2)
        if (part.length > 1) parts.push(...halves(part))
        else {
          const { row } = part[0]!
          refused.set(row, { row, cause: error.code, reason: error.message })
          if (++this.#refusedInRow >= MAX_REFUSED_IN_ROW) throw this.#refusesEverything(error.message)
        }
      }
    }
    return [...refused.values()]
  }

  /** The batch is delivered. */
  settled(): void {
    this.#taken.clear()
    this.#conflicts.clear()
  }

  /** What has to be sent again. */
  async #sendPart(part: readonly Point[], signal: AbortSignal): Promise<Point[][]> {
    try {
      await this.#client.postText('runs/log-batch', bodyOf(this.#runId, part), signal)
    } catch (error) {
      if (!(error instanceof SinkError) || error.code !== INTEGRITY_CODE) throw error
      return this.#left(part, error, signal)
    }
    this.#take(part)
    return []
  }

  /** The server has some of the points, and could not tell them from the others. */
  async #left(part: readonly Point[], error: SinkError, signal: AbortSignal): Promise<Point[][]> {
    const missing = await missingPoints(this.#client, this.#runId, part, signal)
    const absent = new Set(missing)
    this.#take(part.filter((point) => !absent.has(point)))
    if (missing.length === 0) return []
    if (missing.length < part.length) return [missing]
    if (part.length > 1) return halves(part)
    throw this.#conflict(part[0]!, error)
  }

  /** Names that differ in case are one to some databases, say. */
  #conflict({ id }: Point, error: SinkError): SinkError {
    const conflicts = (this.#conflicts.get(id) ?? 0) + 1
    this.#conflicts.set(id, conflicts)
    return conflicts < MAX_CONFLICTS ? error : new SinkError('reject', error.code, error.message)
  }

  #take(points: readonly Point[]): void {
    if (points.length > 0) this.#refusedInRow = 0
    for (const { id } of points) this.#taken.add(id)
  }

  #refusesEverything(reason: string): SinkError {
    this.#refusedInRow = 0
    return pause(
      'MLFLOW_REFUSES_ALL',
      `MLflow has refused ${MAX_REFUSED_IN_ROW} values in a row, so none is given up: ${reason}`,
    )
  }
}

/** In the order in which they are taken from the end of a list. */
function halves(points: readonly Point[]): Point[][] {
  const half = points.length >> 1
  return [points.slice(half), points.slice(0, half)]
}
