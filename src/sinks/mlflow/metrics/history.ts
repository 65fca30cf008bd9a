import { SinkError } from '../../errors.js'
import { type JsonRecord, NOT_FOUND, textOf } from '../api/answers.js'
import type { Client } from '../api/client.js'
import type { Point } from './points.js'

const POINTS_PER_PAGE = 25_000
/** How SQL holds an infinity. */
const LARGEST = Number.MAX_VALUE

/** The points that the server does not have, by its own history of each name. */
export async function missingPoints(
  client: Client,
  runId: string,
  points: readonly Point[],
  signal: AbortSignal,
): Promise<Point[]> {
  const byName = new Map<string, Map<string, Point[]>>()
  for (const point of points) {
    const wanted = byName.get(point.name) ?? new Map<string, Point[]>()
    byName.set(point.name, wanted)
    const key = identity(point.timestamp, point.step, point.value)
    wanted.set(key, [...(wanted.get(key) ?? []), point])
  }
  const missing = new Set(points)
  for (const [name, wanted] of byName) {
    for await (const metric of historyOf(client, runId, name, signal)) {
      const key = identity(Number(metric.timestamp), Number(metric.step ?? 0), Number(metric.value ?? 0))
      for (const point of wanted.get(key) ?? []) missing.delete(point)
    }
  }
  return [...missing]
}

/** Two points that are the same to MLflow. */
export function identity(timestamp: number, step: number, value: number): string {
  const stored = Number.isNaN(value) ? value : Math.max(-LARGEST, Math.min(LARGEST, value)) + 0
  return `${timestamp}|${step}|${stored}`
}

async function* historyOf(
  client: Client,
  runId: string,
  name: string,
  signal: AbortSignal,
): AsyncGenerator<JsonRecord> {
  let token = ''
  do {
    const query = { run_id: runId, metric_key: name, max_results: `${POINTS_PER_PAGE}` }
    const page = await pageOf(client, token === '' ? query : { ...query, page_token: token }, signal)
    if (Array.isArray(page.metrics)) yield* page.metrics as JsonRecord[]
    token = textOf(page.next_page_token)
  } while (token !== '')
}

async function pageOf(
  client: Client,
  query: { readonly [name: string]: string },
  signal: AbortSignal,
): Promise<JsonRecord> {
  try {
    return await client.get('metrics/get-history', query, signal)
  } catch (error) {
    // A file store has no name that it has no points of.
    if (error instanceof SinkError && error.code === NOT_FOUND) return {}
    throw error
  }
}
