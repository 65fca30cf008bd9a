import { statSync } from 'node:fs'
import { basename } from 'node:path'
import type { ConsoleOutput } from '../../record/updates.js'
import { Message, ProtobufError } from '../protobuf.js'
import {
  type ImportedFacts,
  type ImportedRow,
  type ImportedUpdate,
  LeftOut,
  type RunSource,
  type SourceReader,
} from '../types.js'
import { ConsoleLines } from './console.js'
import { decodeItem, type Item, leavesOf } from './items.js'
import { readLog } from './log-file.js'
import { RunFacts } from './run-facts.js'
import { decodeStats } from './stats.js'

export const isWandbFile = (name: string): boolean => name.endsWith('.wandb')

/** `wandb/offline-run-.../run-<id>.wandb`; of an online run too, as far as its process wrote it. */
export function wandbSource(path: string): RunSource {
  return { kind: 'wandb', path, files: [path], open: () => new LogReader(path) }
}

/** Fields of wandb_internal.Record. */
const RECORD = {
  history: 2,
  summary: 3,
  config: 5,
  stats: 7,
  output: 9,
  outputRaw: 13,
  run: 17,
  exit: 18,
} as const
/** Of the row itself, and of the client: no metrics. */
const OWN = new Set(['_step', '_timestamp', '_runtime', '_wandb'])

class LogReader implements SourceReader {
  readonly #path: string
  readonly #leftOut = new LeftOut()
  readonly #facts = new RunFacts()
  readonly #logged = new Set<string>()
  readonly #console = new ConsoleLines()
  #nextStep = 0
  #lastTime: number

  constructor(path: string) {
    this.#path = path
    this.#lastTime = Math.round(statSync(path).mtimeMs)
  }

  *records(): Generator<ImportedRow | ImportedUpdate> {
    for (const bytes of readLog(this.#path, this.#leftOut)) yield* this.#take(bytes)
    yield* this.#printed(this.#console.end())
  }

  facts(): ImportedFacts {
    const { runId, name, project, status, exitCode, startTime, config, tags, notes, group, jobType } =
      this.#facts
    return {
      name: name || runId || basename(this.#path, '.wandb'),
      project,
      status,
      ...(exitCode !== null && { exitCode }),
      startTime,
      config,
      summary: this.#facts.summary(this.#logged),
      tags,
      notes,
      group,
      jobType,
      leftOut: this.#leftOut.counts,
    }
  }

  #take(bytes: Buffer): (ImportedRow | ImportedUpdate)[] {
    try {
      const record = new Message(bytes)
      while (record.next()) {
        if (record.field === RECORD.history) return [this.#row(record.bytes)]
        if (record.field === RECORD.stats) return [this.#sample(record.bytes)]
        if (record.field === RECORD.output || record.field === RECORD.outputRaw)
          return this.#printed(this.#console.add(record.bytes))
        if (record.field === RECORD.summary) this.#facts.addSummary(record.bytes)
        else if (record.field === RECORD.config) this.#facts.addConfig(record.bytes)
        else if (record.field === RECORD.run) this.#facts.addRun(record.bytes)
        else if (record.field === RECORD.exit) this.#facts.addExit(record.bytes)
      }
      return []
    } catch (error) {
      if (!(error instanceof ProtobufError)) throw error
      this.#leftOut.add('damaged records')
      return []
    }
  }

  #sample(bytes: Buffer): ImportedUpdate {
    const { time, sample } = decodeStats(bytes)
    const update = { kind: 'system', name: 'system', producer: 0, value: sample } as const
    return { step: this.#step, time: time ?? this.#lastTime, update }
  }

  #printed(outputs: readonly ConsoleOutput[]): ImportedUpdate[] {
    return outputs.map((value) => ({
      step: this.#step,
      time: value.lines.at(-1)!.time || this.#lastTime,
      update: { kind: 'console', name: 'console', producer: 0, value },
    }))
  }

  /** Of the newest row. */
  get #step(): number {
    return Math.max(0, this.#nextStep - 1)
  }

  /** HistoryRecord: item 1, step 2 { num 1 }. */
  #row(bytes: Buffer): ImportedRow {
    const history = new Message(bytes)
    const items: Item[] = []
    let step = this.#nextStep
    while (history.next()) {
      if (history.field === 1) items.push(decodeItem(history.bytes))
      else if (history.field === 2) step = stepOf(history.bytes, step)
    }
    const own = (name: string): number => Number(items.find(({ path }) => path[0] === name)?.json)
    if (Number.isFinite(own('_step'))) step = own('_step')
    const time = own('_timestamp') * 1000
    if (Number.isFinite(time)) this.#lastTime = Math.round(time)
    this.#nextStep = step + 1
    return { step, time: this.#lastTime, values: this.#values(items) }
  }

  #values(items: readonly Item[]): Map<string, number> {
    const values = new Map<string, number>()
    for (const item of items) {
      if (OWN.has(item.path[0]!)) continue
      for (const { name, value } of leavesOf(item)) {
        if (value === null) this.#leftOut.add('values that are no numbers')
        else {
          values.set(name, value)
          this.#logged.add(name)
        }
      }
    }
    return values
  }
}

function stepOf(bytes: Buffer, otherwise: number): number {
  const message = new Message(bytes)
  while (message.next()) if (message.field === 1) return message.integer
  return otherwise
}
