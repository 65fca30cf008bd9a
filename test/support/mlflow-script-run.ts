/** What the scripted MLflow server keeps of a run. */

export interface Metric {
  readonly key: string
  /** A number, or the name of what JSON has none for. */
  readonly value: number | string
  readonly timestamp: number
  readonly step: number
}

export interface ScriptedRun {
  readonly id: string
  readonly experimentId: string
  readonly name: string
  readonly startTime: number
  readonly artifactUri: string
  status: string
  endTime: number | undefined
  deleted: boolean
  readonly params: Map<string, string>
  readonly tags: Map<string, string>
  /** By primary key. */
  readonly points: Map<string, Metric>
}

export const newRun = (
  id: string,
  experimentId: string,
  name: string,
  startTime: number,
  artifactUri: string,
): ScriptedRun => ({
  id,
  experimentId,
  name,
  startTime,
  artifactUri,
  status: 'RUNNING',
  endTime: undefined,
  deleted: false,
  params: new Map(),
  tags: new Map(),
  points: new Map(),
})

/** The primary key of SQL. */
export const metricKey = ({ key, value, timestamp, step }: Metric): string =>
  `${key}|${timestamp}|${step}|${storedValue(value)}`

/** SQL has no infinities. */
export function storedValue(value: number | string): number | string {
  const number = Number(value)
  if (Number.isNaN(number)) return 'NaN'
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, number)) + 0
}

const pairs = (map: ReadonlyMap<string, string>) => Array.from(map, ([key, value]) => ({ key, value }))

export const runJson = (run: ScriptedRun): object => ({
  info: {
    run_id: run.id,
    experiment_id: run.experimentId,
    run_name: run.name,
    status: run.status,
    start_time: run.startTime,
    end_time: run.endTime,
    artifact_uri: run.artifactUri,
    lifecycle_stage: run.deleted ? 'deleted' : 'active',
  },
  data: { params: pairs(run.params), tags: pairs(run.tags), metrics: [...run.points.values()] },
})
