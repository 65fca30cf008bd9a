/**
 * A run as W&B's own client leaves it in offline mode: `wandb/offline-run-.../run-<id>.wandb`, for `wandb sync`.
 *
 * Each batch is written, not buffered: what the kernel has survives a kill -9 (W&B's client writes whole blocks of
 * 32 KiB). Of every step there is one history record, as docs/decisions/016-wandb-steps.md says; the newest one
 * and the summary are behind the committed length, and each batch is laid over them. Exactly once: the cursor
 * holds the committed length and its checksum. How the run ended is written when the sink is closed for good, and
 * a run that goes on loses it.
 */
import { statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readRewinds } from '../../../journal/rewinds.js'
import { MediaFileError } from '../../../media/checked-file.js'
import type { RecordBatch } from '../../../record/batch.js'
import { SinkError } from '../../errors.js'
import { AppendFile } from '../../file/append-file.js'
import { LOOK_AGAIN_MS } from '../../http/pause.js'
import type { RejectedRow, RunOutcome, Sink, SinkContext, SinkState, WriteResult } from '../../sink.js'
import { mergeRows } from '../history/history.js'
import { LATE_ROWS } from '../history/late-rows.js'
import { MetricNames } from '../history/names.js'
import type { WandbFile } from '../media/wandb-file.js'
import { exitCodeOf } from '../run/exit-code.js'
import type { WandbSettings } from '../settings/settings.js'
import { LogWriter } from './log-writer.js'
import { offlineRun } from './offline-run.js'
import { type OtherRecordsSetup, otherRecords } from './other-records.js'
import { firstPart, nextPart } from './parts.js'
import { withPinned } from './pinned.js'
import { type PlacedFile, placeFile } from './place-file.js'
import { filesPath, holdsAt, isUploaded, logPath, makeRunDirectory } from './run-directory.js'
import { type OfflineState, restoreState, saveState } from './state.js'
import { fileRecord } from './update-records.js'

const UPLOADED_LOG =
  'the log was uploaded, and is written again from the journal: upload that with "offstep sync", or as a new run (wandb sync --id), or W&B has the run\'s rows twice'

const UPLOADED_AHEAD =
  '`wandb sync` has uploaded rows that the next part of the log has again: upload that with "offstep sync", or W&B has these rows twice'

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
    const rewinds = readRewinds(join(context.runDir, 'journal')).length
    const restored = state === null ? this.#anew(rewinds) : restoreState(state)
    if (restored.rewinds !== rewinds) throw rewound()
    if (state === null) this.#file = this.#create(restored)
    else if (!isUploaded(this.#path(restored))) this.#file = this.#reopen(restored, context.suspect)
    this.#state = restored
  }

  /** A part that was uploaded is left alone. */
  #anew(rewinds: number): OfflineState {
    const { startTime, warn } = this.#context!
    let part = firstPart(this.#settings, startTime, rewinds)
    for (; isUploaded(this.#path(part)); part = nextPart(part, startTime, false))
      warn('uploaded-log', UPLOADED_LOG)
    return part
  }

  async write(batch: RecordBatch): Promise<WriteResult> {
    const before = this.#isOver(this.#state!) ? this.#nextPart() : this.#state!
    const { runDir, warn } = this.#context!
    const merged = mergeRows(before.history, batch, this.#names, { runDir })
    if (merged.state.lateRows > 0) warn('late-rows', LATE_ROWS)
    const media = this.#placeMedia(before, merged.files)
    const others = otherRecords(merged.others, this.#originOf(batch, before))
    this.#begin(before)
    this.#writer.addConfig(before.history.updates, merged.state.updates)
    for (const name of media.names) this.#writer.add((num) => fileRecord(num, name, 'media'))
    for (const make of others.records) this.#writer.add(make)
    const after = { ...before, ...this.#writer.addLines(before, merged.lines, merged.state) }
    this.#writer.addTail(after)
    this.#append(before)
    this.#state = after
    const rejected = [...merged.rejected, ...media.rejected, ...others.rejected]
    return { state: saveState(after), rejected, notApplicable: merged.notApplicable }
  }

  async close(outcome: RunOutcome): Promise<void> {
    try {
      if (outcome.status !== 'running') {
        this.#end(exitCodeOf(outcome), outcome.endTime)
        this.#announce()
      }
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
    const log = this.#path(state)
    const held = holdsAt(log, state.extent.length, this.#writer.bytes)
    // Of a batch that was written, and not committed: it comes again.
    if (!held && statSync(log).size > state.extent.length)
      this.#context!.warn('uploaded-ahead', UPLOADED_AHEAD)
    return held
  }

  #begin(state: OfflineState): void {
    const { history, summary } = state
    const told = { updates: history.updates, summary }
    this.#writer.begin(state, () => offlineRun(this.#context!, state.runId, this.#known(state), told))
  }

  /** What the run was called when it began. */
  #known({ settings }: OfflineState): WandbSettings {
    return settings === null ? this.#settings : withPinned(this.#settings, settings)
  }

  #originOf({ sequences }: RecordBatch, state: OfflineState): OtherRecordsSetup {
    const { runDir, runId: id, startTime } = this.#context!
    const { entity, project } = this.#known(state)
    return {
      runDir,
      run: { runId: state.runId, entity, project },
      id,
      startTime,
      sequences,
      place: this.#placer(state),
    }
  }

  /** Before the records that name them: whoever uploads the log while the run lives finds them. */
  #placer(state: OfflineState): (file: PlacedFile) => void {
    const directory = filesPath(this.#root(state), state.directory)
    return (file) => placeFile(directory, file)
  }

  /** `names`: of those that are in their place. */
  #placeMedia(state: OfflineState, files: readonly WandbFile[]) {
    const place = this.#placer(state)
    const names: string[] = []
    const rejected: RejectedRow[] = []
    for (const file of files) {
      try {
        place(placedMedia(this.#context!.runDir, file))
        names.push(file.name)
      } catch (error) {
        if (!(error instanceof MediaFileError)) throw error
        rejected.push({ row: file.row, cause: 'media-file', reason: error.message })
      }
    }
    return { names, rejected }
  }

  #announce(): void {
    if (this.#settings.silent) return
    const { announce, runDir } = this.#context!
    const directory = dirname(this.#path(this.#state!))
    announce?.('sync', `upload it with: wandb sync ${directory}, or offstep sync ${runDir}`)
  }

  /** Lays what the writer holds over all that is behind the committed length. */
  #append(state: OfflineState): void {
    const { bytes } = this.#writer
    this.#file!.cut(state.extent)
    this.#file!.append(bytes, bytes.length)
  }

  #create(state: OfflineState): AppendFile {
    try {
      return AppendFile.create(makeRunDirectory(this.#root(state), state.directory, state.runId))
    } catch (error) {
      throw state.root === null ? error : notWritable(state.root, error as NodeJS.ErrnoException)
    }
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

const placedMedia = (runDir: string, { name, path, read }: WandbFile): PlacedFile => ({
  name,
  source: path === null ? read : join(runDir, path),
})

/** What the log holds may be superseded. */
const rewound = (): SinkError =>
  new SinkError(
    'rebuild',
    'REWOUND',
    'the run was resumed from an earlier step; its offline log is written again from the journal',
  )

const notWritable = (root: string, cause: NodeJS.ErrnoException): SinkError =>
  new SinkError(
    'pause',
    'WANDB_DIR',
    `the directory ${root} cannot be written (${cause.code}): mend that, or give another one (WANDB_DIR)`,
    { cause, retryAfterMs: LOOK_AGAIN_MS },
  )
