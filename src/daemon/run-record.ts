import path from 'node:path'
import type { ResolvedOptions, ResolvedSink } from '../options/options.js'
import { MEDIA_PRODUCER } from '../record/media.js'
import { toJson } from '../record/to-json.js'
import { countersOf, readAccount } from '../ring/account.js'
import { F64 } from '../ring/layout.js'
import { syncDirectory } from '../store/atomic-file.js'
import type { JsonObject } from '../store/run-context.js'
import {
  RUN_FILE_FORMAT,
  type RunFile,
  RunFileError,
  type RunResume,
  readRunFile,
  writeRunFile,
} from '../store/run-file.js'
import { monotonicMs } from './clock.js'
import { hashConfig } from './context/config-hash.js'
import type { RunContext } from './context/index.js'
import type { DaemonSetup, FinishRequest, NamedRing } from './messages.js'

const SECRET_NAME = /key|token|secret|password|credential/i

/** run.json of a live run: written when the run begins, when its context is known, and when it ends. */
export class RunRecord {
  #file: RunFile
  readonly #dir: string
  readonly #startMonotonicMs: number

  constructor(dir: string, id: string, setup: DaemonSetup) {
    const { options, startTime, startMonotonicMs } = setup
    this.#dir = dir
    const before = writtenBefore(dir, id)
    this.#startMonotonicMs = startMonotonicMs
    const { resumed } = setup
    this.#file = {
      format: RUN_FILE_FORMAT,
      id,
      project: options.project,
      name: options.name,
      status: 'running',
      startTime: new Date(startTime).toISOString(),
      endTime: null,
      durationSeconds: null,
      config: before?.config ?? (toJson(options.config) as RunFile['config']),
      configSha256: before?.configSha256 ?? hashConfig(options.config),
      tags: options.tags,
      notes: options.notes,
      group: options.group,
      jobType: options.jobType,
      git: null,
      command: null,
      software: null,
      hardware: null,
      ...(resumed === null ? {} : { resumes: resumesOf(before, resumed, Date.now()) }),
      producers: [],
      sinks: sinksOf(options).map(withoutSecrets),
    }
  }

  describe({ git, command, software, hardware }: RunContext): void {
    this.#file = { ...this.#file, git, command, software, hardware }
  }

  /** For its checkpoints. */
  get about(): { configSha256: string | null; gitCommit: string | null; attempt: number } {
    const { configSha256, git, resumes } = this.#file
    return { configSha256, gitCommit: git?.commit ?? null, attempt: resumes?.length ?? 0 }
  }

  /** Where the run can be seen in a browser. */
  setUrl(url: string): void {
    this.#file = { ...this.#file, url }
  }

  /** Parameters that the run has got since. */
  updateConfig(values: JsonObject): void {
    const config = { ...this.#file.config, ...values }
    this.#file = { ...this.#file, config, configSha256: hashConfig(config) }
  }

  addProducer({ id, name }: NamedRing): void {
    this.#file = { ...this.#file, producers: [...this.#file.producers, { id, name }] }
  }

  /** The time, and how long the run has lasted: by a clock that no one sets. */
  get now(): { readonly time: number; readonly ageMs: number } {
    return { time: Date.now(), ageMs: Math.round(monotonicMs() - this.#startMonotonicMs) }
  }

  end(
    { status, exitCode, error }: FinishRequest,
    records: NonNullable<RunFile['records']>,
    { time, ageMs, delivered }: RunRecord['now'] & { readonly delivered: boolean },
  ): void {
    this.#file = {
      ...this.#file,
      status,
      endTime: new Date(time).toISOString(),
      durationSeconds: ageMs / 1000,
      delivered,
      records,
      ...(exitCode === undefined ? {} : { exitCode }),
      ...(error === undefined ? {} : { error }),
    }
  }

  /** With the names of the directories that lead to it, so that a power cut cannot lose the run as a whole. */
  writeFirst(): void {
    this.write(true)
    const project = path.dirname(this.#dir)
    for (const directory of [project, path.dirname(project)]) syncDirectory(directory)
  }

  write(sync = false): void {
    writeRunFile(this.#dir, this.#file, { sync })
  }
}

/** With this one, unless a daemon before this one has added it. */
function resumesOf(
  before: RunFile | null,
  { attempt, rewoundTo }: NonNullable<DaemonSetup['resumed']>,
  now: number,
): readonly RunResume[] {
  const resumes = before?.resumes ?? []
  if (before === null || resumes.length >= attempt) return resumes
  const { status, endTime, exitCode, error, git, command } = before
  const end = { status, endTime, git, command }
  const previous = {
    ...end,
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(error === undefined ? {} : { error }),
  }
  return [...resumes, { time: new Date(now).toISOString(), rewoundTo, previous }]
}

/** What a daemon before this one has written: it may know more of the config. */
function writtenBefore(dir: string, id: string): RunFile | null {
  try {
    const file = readRunFile(dir)
    return file.id === id ? file : null
  } catch (error) {
    // The first daemon of a run finds none; a damaged one is written anew.
    if (error instanceof RunFileError) return null
    throw error
  }
}

/** The sinks that were asked for, and the summary, which always runs. */
export function sinksOf({ sinks, goals }: ResolvedOptions): ResolvedSink[] {
  return [...sinks, { name: 'summary', module: null, export: 'default', options: { goals } }]
}

/** False for the ring for media while nobody has logged any. */
export const isUsed = ({ id }: NamedRing, rings: readonly NamedRing[]): boolean =>
  id !== MEDIA_PRODUCER || rings.some(({ ring }) => countersOf(ring)[F64.MEDIA_POSTED]! > 0)

export function countRecords(rings: readonly NamedRing[]): NonNullable<RunFile['records']> {
  const { accepted, journaled, dropped } = readAccount(rings.map(({ ring }) => ring))
  return { accepted, journaled, dropped: dropped.total }
}

function withoutSecrets(sink: ResolvedSink): ResolvedSink {
  const options = Object.fromEntries(Object.entries(sink.options).filter(([name]) => !SECRET_NAME.test(name)))
  return { ...sink, options }
}
