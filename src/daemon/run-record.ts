import type { ResolvedOptions, ResolvedSink } from '../options/options.js'
import { readAccount } from '../ring/account.js'
import { RUN_FILE_FORMAT, type RunFile, writeRunFile } from '../store/run-file.js'
import { hashConfig, toJson } from './context/config-hash.js'
import type { RunContext } from './context/index.js'
import type { FinishRequest, NamedRing } from './messages.js'

const SECRET_NAME = /key|token|secret|password|credential/i

/** run.json of a live run: written when the run begins, when its context is known, and when it ends. */
export class RunRecord {
  #file: RunFile
  readonly #dir: string

  constructor(
    dir: string,
    id: string,
    startTime: number,
    options: ResolvedOptions,
    sinks: readonly ResolvedSink[],
  ) {
    this.#dir = dir
    this.#file = {
      format: RUN_FILE_FORMAT,
      id,
      project: options.project,
      name: options.name,
      status: 'running',
      startTime: new Date(startTime).toISOString(),
      endTime: null,
      durationSeconds: null,
      config: toJson(options.config) as RunFile['config'],
      configSha256: hashConfig(options.config),
      tags: options.tags,
      notes: options.notes,
      group: options.group,
      jobType: options.jobType,
      git: null,
      command: null,
      software: null,
      hardware: null,
      producers: [],
      sinks: sinks.map(withoutSecrets),
    }
  }

  describe({ git, command, software, hardware }: RunContext): void {
    this.#file = { ...this.#file, git, command, software, hardware }
    this.write()
  }

  addProducer({ id, name }: NamedRing): void {
    this.#file = { ...this.#file, producers: [...this.#file.producers, { id, name }] }
  }

  end(
    { status, exitCode, error }: FinishRequest,
    endTime: number,
    records: NonNullable<RunFile['records']>,
  ): void {
    const durationSeconds = (endTime - Date.parse(this.#file.startTime)) / 1000
    this.#file = {
      ...this.#file,
      status,
      endTime: new Date(endTime).toISOString(),
      durationSeconds,
      records,
      ...(exitCode === undefined ? {} : { exitCode }),
      ...(error === undefined ? {} : { error }),
    }
    this.write(true)
  }

  write(sync = false): void {
    writeRunFile(this.#dir, this.#file, { sync })
  }
}

/** The sinks that were asked for, and the summary, which always runs. */
export function sinksOf({ sinks, goals }: ResolvedOptions): ResolvedSink[] {
  return [...sinks, { name: 'summary', module: null, export: 'default', options: { goals } }]
}

export function countRecords(rings: readonly NamedRing[]): NonNullable<RunFile['records']> {
  const { accepted, journaled, dropped } = readAccount(rings.map(({ ring }) => ring))
  return { accepted, journaled, dropped: dropped.total }
}

function withoutSecrets(sink: ResolvedSink): ResolvedSink {
  const options = Object.fromEntries(Object.entries(sink.options).filter(([name]) => !SECRET_NAME.test(name)))
  return { ...sink, options }
}
