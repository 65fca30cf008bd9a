import path from 'node:path'
import type { JournalPlace } from '../journal/position.js'
import { offsetOf, segmentOf } from '../journal/position.js'
import type { ResolvedSink } from '../options/options.js'
import type { RecordBatch } from '../record/batch.js'
import { SinkError } from '../sinks/errors.js'
import { isLocal } from '../sinks/local.js'
import type { SinkContext } from '../sinks/sink.js'
import type { RunFile } from '../store/run-file.js'
import { knowsRewinds } from '../store/runs/rewound.js'
import type { ContentCheck, CreateContentCheck } from './content-check.js'
import { checkCsv } from './csv-check.js'
import {
  type CursorProblem,
  cursorProblem,
  type ReadCursorFile,
  readCursorFile,
  recordsBehind,
} from './cursor-check.js'
import { checkDeadLetters } from './dead-letter-check.js'
import { checkJsonl } from './jsonl-check.js'
import { checkLog } from './log-check.js'
import type { LostRecords } from './lost-records.js'
import type { ReplayTarget } from './replay.js'
import type { CheckResult, CursorCheck, FileCheck, SinkCheck } from './report.js'
import { checkSummary } from './summary-check.js'
import { checkTensorBoard } from './tensorboard-check.js'

/** Sinks whose content is a function of the journal alone, and lies in the run directory. */
const CONTENT: { readonly [sink: string]: CreateContentCheck | undefined } = {
  jsonl: checkJsonl,
  csv: checkCsv,
  tensorboard: checkTensorBoard,
  log: checkLog,
  summary: checkSummary,
}

export const canBeRebuilt = ({ name, module }: ResolvedSink): boolean =>
  module === null && CONTENT[name] !== undefined

const WENT_BACK = 'the run went back to an earlier step since: its files are made anew, from the journal'

export interface SinkSetup {
  readonly runDir: string
  readonly file: RunFile
  readonly sink: ResolvedSink
  /** What the journal has lost, and where each producer's records end in it. */
  readonly lost: LostRecords
  readonly ends: JournalPlace['next']
  /** All records that the journal took. */
  readonly records: number
  readonly nameless: ReadonlySet<string>
}

/** The check of one sink: its cursor at once, its files while the journal is replayed. */
export class SinkChecking implements ReplayTarget {
  readonly #setup: SinkSetup
  readonly #read: ReadCursorFile
  readonly #lostBehind: LostRecords
  readonly #content: ContentCheck | null
  #problem: CursorProblem | null
  /** It holds superseded rows, and will begin again: its files are as they should be for what it knows. */
  readonly #isBehindRewind: boolean

  constructor(setup: SinkSetup) {
    const { runDir, sink, lost, ends } = setup
    this.#setup = setup
    this.#read = readCursorFile(runDir, sink.name)
    this.#problem = cursorProblem(path.join(runDir, 'journal'), this.#read.cursor)
    this.#lostBehind = lost.before(this.place.next, ends)
    this.#isBehindRewind = canBeRebuilt(sink) && !knowsRewinds(runDir, this.#read.cursor)
    this.#content = this.#openContent()
  }

  get place(): JournalPlace {
    return this.#read.cursor.place
  }

  /** False where nothing of the journal has to be read for it. */
  get comparable(): boolean {
    return this.#content !== null
  }

  take(batch: RecordBatch): void {
    this.#content?.expect(batch)
  }

  close(): void {
    this.#content?.close()
  }

  /** `reached`: the next sequence numbers at the cursor's place, by the journal; null where it was not read. */
  finish(reached: JournalPlace['next'] | null): SinkCheck {
    const { sink } = this.#setup
    const { cursor, result, problem } = this.#read
    const files = [...(this.#content?.finish() ?? [])]
    const letters = checkDeadLetters(this.#setup.runDir, cursor, this.#lostBehind.count)
    if (letters !== null) files.push(letters)
    const journalShort = this.#isJournalShort(files)
    if (this.#problem?.ahead && journalShort) this.#problem = null
    if (this.#problem === null && reached !== null) this.#problem = this.#placeProblem(reached, journalShort)
    const checked: CursorCheck = {
      result: this.#problem === null ? result : 'damaged',
      problem: problem ?? this.#problem?.message ?? null,
      segment: segmentOf(cursor.place.position),
      offset: offsetOf(cursor.place.position),
      records: recordsBehind(cursor),
      ...cursor.counts,
      lostBehind: this.#lostBehind.count,
    }
    const pending = Math.max(0, this.#setup.records - checked.records)
    return {
      sink: sink.name,
      ...this.#judge(checked, files, pending),
      cursor: checked,
      files,
      pending,
      wrong: files.reduce((sum, { differing, missing, extra }) => sum + differing + missing + extra, 0),
      onlyHere: files.reduce((sum, { unit, onlyHere }) => sum + (unit === 'value' ? 0 : onlyHere), 0),
    }
  }

  #judge(
    cursor: CursorCheck,
    files: readonly FileCheck[],
    pending: number,
  ): { result: CheckResult; problem: string | null } {
    const { sink, file } = this.#setup
    if (cursor.result === 'damaged') return { result: 'damaged', problem: cursor.problem }
    if (this.#isBehindRewind) return { result: 'pending', problem: WENT_BACK }
    if (cursor.result === 'missing' && pending > 0) {
      if (file.delivered === true) return { result: 'missing', problem: cursor.problem }
      return { result: 'pending', problem: null }
    }
    const bad = files.find(({ result }) => result === 'damaged' || result === 'missing')
    if (bad !== undefined) {
      const result = files.every((one) => one.result === 'missing') ? 'missing' : 'damaged'
      return { result, problem: bad.problem }
    }
    if (pending > 0) return { result: 'pending', problem: null }
    const unchecked = files.find(({ result }) => result === 'unchecked')
    if (unchecked !== undefined) return { result: 'unchecked', problem: unchecked.problem }
    if (isLocal(sink)) return { result: 'ok', problem: null }
    return { result: 'unchecked', problem: 'its destination cannot be checked from here' }
  }

  /** A cursor that counts more than the journal has, and files that hold what it has not: that was there once. */
  #isJournalShort(files: readonly FileCheck[]): boolean {
    const { ends, sink } = this.#setup
    const more = Object.entries(this.place.next).some(([producer, next]) => next > (ends[producer] ?? 0))
    if (!more) return false
    return !canBeRebuilt(sink) || files.some(({ result, onlyHere }) => onlyHere > 0 && result !== 'missing')
  }

  /** `journalShort`: records behind the journal's end were there once. */
  #placeProblem(reached: JournalPlace['next'], journalShort: boolean): CursorProblem | null {
    const { ends } = this.#setup
    for (const producer of new Set([...Object.keys(reached), ...Object.keys(this.place.next)])) {
      const [says, is] = [this.place.next[producer] ?? 0, reached[producer] ?? 0]
      let at = is
      const limit = journalShort ? says : Math.min(says, ends[producer] ?? 0)
      while (at < limit && this.#lostBehind.has(Number(producer), at)) at++
      if (at === says) continue
      const message = `it counts ${says} records of producer ${producer} where the journal has ${is} before its place`
      return { message, ahead: false }
    }
    return null
  }

  #openContent(): ContentCheck | null {
    const { sink } = this.#setup
    const create = sink.module === null ? CONTENT[sink.name] : undefined
    const wanted = recordsBehind(this.#read.cursor) > 0 || sink.name === 'summary'
    const usable = this.#read.result !== 'damaged' && (this.#problem === null || this.#problem.ahead)
    if (create === undefined || !wanted || !usable || this.#isBehindRewind) return null
    const { file, lost: _, ends: __, ...rest } = this.#setup
    try {
      return create({
        context: contextOf(this.#setup),
        cursor: this.#read.cursor,
        lost: this.#lostBehind,
        nameless: rest.nameless,
        outcome:
          file.status === 'running'
            ? null
            : { status: file.status, endTime: Date.parse(file.endTime ?? file.startTime) },
        complete: file.delivered === true && this.#setup.records === recordsBehind(this.#read.cursor),
      })
    } catch (error) {
      if (!(error instanceof SinkError)) throw error
      this.#problem = { message: error.message, ahead: false }
      return null
    }
  }
}

/** What the sink itself is given. */
function contextOf({ runDir, file, sink }: SinkSetup): SinkContext {
  const names = new Map(file.producers.map(({ id, name }) => [id, name]))
  return {
    runId: file.id,
    project: file.project,
    runName: file.name,
    runDir,
    startTime: Date.parse(file.startTime),
    options: sink.options,
    producerName: (producer) => names.get(producer) ?? `producer-${producer}`,
    warn: () => {},
    live: false,
    suspect: false,
    signal: new AbortController().signal,
  }
}
