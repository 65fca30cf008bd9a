/**
 * A run as W&B's own client leaves it in offline mode: `wandb/offline-run-.../run-<id>.wandb`, for `wandb sync`.
 *
 * Each batch is written, not buffered: what the kernel has survives a kill -9 (W&B's client writes whole blocks of
 * 32 KiB). Of every step there is one history record, as docs/decisions/016-wandb-steps.md says; the newest one
 * and the summary are behind the committed length, and each batch is laid over them. Exactly once: the cursor
 * holds the committed length and its checksum. How the run ended is written when the sink is closed for good, and
 * a run that goes on loses it.
 */
import { resolve } from 'node:path'
import type { RecordBatch } from '../../../record/batch.js'
import { AppendFile } from '../../file/append-file.js'
import type { RunOutcome, Sink, SinkContext, SinkState, WriteResult } from '../../sink.js'
import { mergeRows } from '../history.js'
import { MetricNames } from '../names.js'
import type { WandbSettings } from '../settings.js'
import { LogWriter } from './log-writer.js'
import { offlineRun } from './offline-run.js'
import { firstPart, nextPart } from './parts.js'
import { holdsAt, isUploaded, logPath, makeRunDirectory } from './run-directory.js'
import { type OfflineState, restoreState, saveState } from './state.js'

/** As W&B's own clients tell how a process ended: 255 after an interrupt. */
const EXIT_CODES = { completed: 0, failed: 1, crashed: 1, killed: 255 } as const

const LATE_ROWS =
  'rows came with a step below an earlier one; they are written with their step as "offstep/step", since W&B drops them'

const UPLOADED_LOG =
  "the log was uploaded, and has to be written again from the journal: upload it as a new run (wandb sync --id), or W&B has the run's rows twice"

export class OfflineSink implements Sink {
  readonly #settings: WandbSettings
  #context: SinkContext | undefined
  #file: AppendFile | undefined
  #writer = new LogWriter(0)
  #names = new MetricNames()
  #state: OfflineState | undefined

  constructor(settings: WandbSettings) {
    this.#settings = settings
  }

  async open(context: SinkContext, state: SinkState | null): Promise<void> {
    this.#letGo()
    this.#context = context
    this.#writer = new LogWriter(context.startTime)
    this.#names = new MetricNames()
    const restored = state === null ? this.#newState(context) : restoreState(state)
    const uploaded = isUploaded(this.#path(restored))
    if (uploaded && state === null) context.warn('uploaded-log', UPLOADED_LOG)
    if (!uploaded)
      this.#file = state === null ? this.#create(restored) : this.#reopen(restored, context.suspect)
    this.#state = restored
  }

  async write(batch: RecordBatch): Promise<WriteResult> {
    const before = this.#isOver(this.#state!) ? this.#nextPart() : this.#state!
    const { lines, state: history, rejected, notApplicable } = mergeRows(before.history, batch, this.#names)
    if (history.lateRows > 0) this.#context!.warn('late-rows', LATE_ROWS)
    this.#begin(before)
    const after: OfflineState = { ...before, ...this.#writer.addLines(before, lines, history) }
    this.#writer.addTail(after)
    this.#append(before)
    this.#state = after
    return { state: saveState(after), rejected, notApplicable }
  }

  async close(outcome: RunOutcome): Promise<void> {
    try {
      if (outcome.status !== 'running') this.#end(EXIT_CODES[outcome.status], outcome.endTime)
    } finally {
      this.#letGo()
    }
  }

  /** What was uploaded without an end stays without: W&B takes it for a crash. */
  #end(exitCode: number, endTime: number): void {
    const state = this.#state
    if (state === undefined || this.#isOver(state)) return
    this.#begin(state)
    this.#writer.addTail(state)
    this.#writer.addExit(exitCode, endTime)
    this.#append(state)
  }

  /** The part was uploaded: nothing may be added to it. */
  #isOver(state: OfflineState): boolean {
    return this.#file === undefined || isUploaded(this.#path(state))
  }

  #nextPart(): OfflineState {
    const state = this.#state!
    this.#file?.close()
    const next = nextPart(state, this.#context!.startTime, this.#uploadedTail(state))
    this.#file = this.#create(next)
    this.#state = next
    return next
  }

  /** A crash may have left the log without its tail: then that was not uploaded. */
  #uploadedTail(state: OfflineState): boolean {
    this.#begin(state)
    this.#writer.addTail(state)
    return holdsAt(this.#path(state), state.extent.length, this.#writer.bytes)
  }

  #begin(state: OfflineState): void {
    this.#writer.begin(state, () => offlineRun(this.#context!, state.runId, this.#settings))
  }

  /** Lays what the writer holds over all that is behind the committed length. */
  #append(state: OfflineState): void {
    const { bytes } = this.#writer
    this.#file!.cut(state.extent)
    this.#file!.append(bytes, bytes.length)
  }

  #newState({ startTime }: SinkContext): OfflineState {
    const { dir, runId } = this.#settings
    return firstPart(dir === undefined ? null : resolve(dir), runId, startTime)
  }

  #create(state: OfflineState): AppendFile {
    return AppendFile.create(makeRunDirectory(this.#root(state), state.directory, state.runId))
  }

  /** Behind what is committed is the tail again, which may be all that holds the newest row. */
  #reopen(state: OfflineState, suspect: boolean): AppendFile {
    const file = AppendFile.open(this.#path(state), state.extent, suspect)
    this.#file = file
    this.#begin(state)
    this.#writer.addTail(state)
    this.#append(state)
    return file
  }

  #path(state: OfflineState): string {
    return logPath(this.#root(state), state.directory, state.runId)
  }

  #root({ root }: OfflineState): string {
    return root ?? this.#context!.runDir
  }

  #letGo(): void {
    this.#file?.close()
    this.#file = undefined
    this.#state = undefined
  }
}
