import { join } from 'node:path'
import { checkedValue, MediaFileError } from '../../media/checked-file.js'
import { mlflowSystemName, mlflowSystemValue } from '../../monitor/system/names.js'
import type { RecordBatch } from '../../record/batch.js'
import type { JsonObject } from '../../record/json.js'
import type { MediaRecord } from '../../record/media.js'
import type { Resumed, SummaryUpdate } from '../../record/updates.js'
import type { RejectedRow } from '../sink.js'
import { artifactFiles } from './artifacts/artifact-files.js'
import { mediaFile } from './artifacts/media-files.js'
import { storedPath } from './artifacts/stored-path.js'
import type { UploadedFile } from './artifacts/uploads.js'
import { madePoint, type Point, placeOf, pointsOf } from './metrics/points.js'
import type { Names } from './names.js'
import { flatten } from './run/params.js'
import type { OnlineState } from './state.js'

/** Before the name of a value of the summary that the user has set. */
export const SUMMARY_TAG = 'offstep.summary.'

/** What changes params and tags, in the order of the rows. */
export type Told =
  | { readonly params: readonly (readonly [name: string, text: string])[] }
  | { readonly tags: readonly (readonly [name: string, text: string])[]; readonly removed: readonly string[] }

export interface BatchPlan {
  readonly points: readonly Point[]
  readonly told: readonly Told[]
  readonly files: readonly UploadedFile[]
  /** Of a batch that is delivered. */
  readonly state: OnlineState
  /** Rows that MLflow has no place for. */
  readonly notApplicable: number
  /** Their values are in files that cannot be read. */
  readonly rejected: readonly RejectedRow[]
}

export interface PlanParts {
  readonly state: OnlineState
  readonly names: Names
  readonly runDir: string
  /** The server takes files. */
  readonly takesFiles: boolean
}

/** What the rows of a batch ask for. Reads long values from their files: blocks. */
export function planBatch(batch: RecordBatch, parts: PlanParts): BatchPlan {
  const plan = new Planner(batch, parts)
  for (const [row, record] of batch.media) plan.add(row, record)
  return plan.done()
}

class Planner {
  readonly #batch: RecordBatch
  readonly #parts: PlanParts
  readonly #points: Point[]
  readonly #told: Told[] = []
  readonly #files: UploadedFile[] = []
  readonly #rejected: RejectedRow[] = []
  readonly #versions: Map<string, number>
  #systemStep: number
  #notApplicable = 0

  constructor(batch: RecordBatch, parts: PlanParts) {
    this.#batch = batch
    this.#parts = parts
    this.#points = pointsOf(batch, parts.names)
    this.#versions = new Map(parts.state.artifacts)
    this.#systemStep = parts.state.systemStep
  }

  add(row: number, record: MediaRecord): void {
    try {
      this.#add(row, record)
    } catch (error) {
      if (!(error instanceof MediaFileError)) throw error
      this.#rejected.push({ row, cause: 'media-file', reason: error.message })
    }
  }

  done(): BatchPlan {
    const artifacts = [...this.#versions]
    return {
      points: this.#points,
      told: this.#told,
      files: this.#files,
      state: { ...this.#parts.state, systemStep: this.#systemStep, artifacts },
      notApplicable: this.#notApplicable,
      rejected: this.#rejected,
    }
  }

  #add(row: number, record: MediaRecord): void {
    const { runDir } = this.#parts
    switch (record.kind) {
      case 'config':
      case 'hparams':
        this.#told.push({ params: flatten(checkedValue(runDir, record).values as JsonObject) })
        return
      case 'summary':
        this.#summary(checkedValue(runDir, record))
        return
      case 'resume':
        this.#resumed(checkedValue(runDir, record))
        return
      case 'system':
        this.#sample(row, checkedValue(runDir, record).values)
        return
      case 'metric':
      case 'alert':
      case 'console':
      case 'checkpoint':
      case 'custom-scalars':
        this.#notApplicable++
        return
    }
    if (this.#parts.takesFiles) this.#upload(row, record)
    else this.#notApplicable++
  }

  #upload(row: number, record: MediaRecord): void {
    const { runDir } = this.#parts
    switch (record.kind) {
      case 'file': {
        const { path, bytes, sha256 } = record.file
        const content = { path: join(runDir, path), bytes }
        this.#files.push({ path: storedPath(record.name), content, sha256, row })
        return
      }
      case 'artifact': {
        const value = checkedValue(runDir, record)
        const key = `${value.type}/${record.name}`
        const version = this.#versions.get(key) ?? 0
        this.#versions.set(key, version + 1)
        this.#files.push(...artifactFiles(value, { name: record.name, version, runDir, row }))
        return
      }
      case 'image':
      case 'audio':
      case 'histogram':
      case 'text':
      case 'table':
      case 'pr-curve':
      case 'mesh':
      case 'graph':
        this.#files.push(mediaFile(record, { runDir, row, step: this.#batch.steps[row]! }))
    }
  }

  #summary({ values, removed }: SummaryUpdate): void {
    const named = (name: string) => `${SUMMARY_TAG}${name}`
    const tags = flatten(values).map(([name, text]) => [named(name), text] as const)
    this.#told.push({ tags, removed: removed.map(named) })
  }

  /** MLflow's history cannot be rewound: what was superseded stays, and is told. */
  #resumed({ attempt, rewoundTo }: Resumed): void {
    const tags: [string, string][] = [['offstep.resumed', `${attempt}`]]
    if (rewoundTo !== null) tags.push(['offstep.rewound_to', `${rewoundTo}`])
    this.#told.push({ tags, removed: [] })
  }

  /** MLflow counts samples on their own. */
  #sample(row: number, values: { readonly [name: string]: number }): void {
    const at = { ...placeOf(this.#batch, row), step: this.#systemStep++ }
    for (const [name, value] of Object.entries(values)) {
      this.#points.push(madePoint(at, mlflowSystemName(name), mlflowSystemValue(name, value)))
    }
  }
}
