/**
 * TensorBoard event files with a run's scalars and media: `tensorboard/` for producer 0, `tensorboard/<producer>/`
 * for each other one, since two writers of one tag in a directory would hide each other's points.
 *
 * Scalars are float32, and steps are integers there: a fractional step is floored. Per tag, a step lower than the
 * last one is left out, and so is another kind of media. Hyper-parameters are the run's config, at the beginning of
 * `tensorboard/`, unless the first batch brings some that were logged; how the run ended is written when the sink is
 * closed for good, behind what is committed, so that a run that goes on loses it. State: per directory, the last
 * file, its length, a checksum of all files, and kind and last step of each tag.
 * Formats: tfrecord.ts, protobuf/event.ts, media/.
 */
import { type Dirent, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { MediaFileError } from '../../media/checked-file.js'
import type { RecordBatch } from '../../record/batch.js'
import { parseOptions } from '../file/parse-options.js'
import type { RejectedRow, RunOutcome, Sink, SinkContext, SinkState, WriteResult } from '../sink.js'
import { configHParams } from './config-hparams.js'
import { EventDirectory } from './event-directory.js'
import { stretchesOf } from './event-encoder.js'
import { type RecoveredDirectory, recoverDirectory } from './event-file.js'
import { sessionEnd } from './media/hparams.js'
import { tensorBoardOptions } from './options.js'
import { type DirectoryState, parseState } from './state.js'

/** Name of the directory of producer 0. */
const ROOT = ''

export function createSink(): Sink {
  return new TensorBoardSink()
}

class TensorBoardSink implements Sink {
  #context: SinkContext | undefined
  /** What the files hold, unless a write failed half-way. */
  #state: SinkState | null = null
  #torn = false
  #suspect = false
  #writesConfig = true
  readonly #directories = new Map<string, EventDirectory>()
  #directoryOfProducer: EventDirectory[] = []

  async open(context: SinkContext, state: SinkState | null): Promise<void> {
    this.#context = context
    this.#state = state
    this.#suspect = context.suspect
    this.#writesConfig = parseOptions('tensorboard', tensorBoardOptions, context.options).hparams
    this.#recover()
  }

  async write(batch: RecordBatch): Promise<WriteResult> {
    if (this.#torn) this.#recover()
    this.#torn = true
    const result = this.#add(batch)
    const directories: DirectoryState[] = []
    for (const directory of this.#directories.values()) {
      directory.flush()
      directory.encoder.leftOut.warn(this.#context!)
      const state = directory.state()
      if (state !== undefined) directories.push(state)
    }
    this.#state = { directories }
    this.#torn = false
    return { state: this.#state, ...result }
  }

  async close(outcome: RunOutcome): Promise<void> {
    try {
      this.#end(outcome)
    } finally {
      this.#closeDirectories()
    }
  }

  /** For the page that shows hyper-parameters: how the run with these ended. */
  #end(outcome: RunOutcome): void {
    const end = sessionEnd(outcome)
    if (end === null || this.#context === undefined) return
    if (this.#torn) this.#recover()
    const root = this.#directories.get(ROOT)
    if (root?.encoder.hparams !== undefined) root.end(end.value, end.wallTime)
  }

  #closeDirectories(): void {
    const failed: unknown[] = []
    for (const directory of this.#directories.values()) {
      try {
        directory.close()
      } catch (error) {
        failed.push(error)
      }
    }
    this.#directories.clear()
    this.#directoryOfProducer = []
    if (failed.length > 0) throw failed[0]
  }

  /** Makes the files what `#state` says, and starts anew from there. */
  #recover(): void {
    this.#closeDirectories()
    const committed = new Map(parseState(this.#state).map((directory) => [directory.name, directory]))
    for (const name of new Set([...committed.keys(), ...existingDirectories(this.#root())])) {
      const path = join(this.#root(), name)
      const state = committed.get(name)
      const recovered = recoverDirectory(path, state, this.#suspect)
      this.#directories.set(name, this.#newDirectory(name, state, recovered))
    }
    this.#torn = false
    // What has been checked once is in this boot's page cache.
    this.#suspect = false
  }

  #root(): string {
    return join(this.#context!.runDir, 'tensorboard')
  }

  /** Hands each directory its rows, in stretches of one producer; returns those that go nowhere. */
  #add(batch: RecordBatch): Omit<WriteResult, 'state'> {
    const rejected: RejectedRow[] = []
    let notApplicable = 0
    this.#chooseHParams(batch)
    for (const { producer, from, to, record } of stretchesOf(batch)) {
      const directory = this.#directoryFor(producer)
      if (record === undefined) {
        notApplicable += directory.add(batch, from, to)
        continue
      }
      try {
        if (!directory.addMedia(record, batch.steps[from]!, batch.times[from]!)) notApplicable++
      } catch (error) {
        if (!(error instanceof MediaFileError)) throw error
        rejected.push({ row: from, cause: 'media-file', reason: error.message })
      }
    }
    return { notApplicable, rejected }
  }

  /** Before the first value: the config's, unless some were logged already. */
  #chooseHParams({ media }: RecordBatch): void {
    if (!this.#writesConfig) return
    const root = this.#directoryFor(0)
    if (!root.isNew) return
    const logged = [...media.values()].some(({ kind }) => kind === 'hparams')
    const { runDir, startTime } = this.#context!
    root.config = logged ? null : () => configHParams(runDir, startTime)
  }

  #directoryFor(producer: number): EventDirectory {
    const known = this.#directoryOfProducer[producer]
    if (known !== undefined) return known
    const name = producer === 0 ? ROOT : this.#context!.producerName(producer)
    const directory = this.#directories.get(name) ?? this.#newDirectory(name)
    this.#directories.set(name, directory)
    this.#directoryOfProducer[producer] = directory
    return directory
  }

  #newDirectory(name: string, state?: DirectoryState, recovered?: RecoveredDirectory): EventDirectory {
    return new EventDirectory({
      path: join(this.#root(), name),
      name,
      run: this.#context!,
      state,
      ...(recovered !== undefined && { recovered }),
    })
  }
}

/** '' for the root, and the names of its sub-directories; nothing where it does not exist. */
function existingDirectories(root: string): string[] {
  let entries: Dirent[]
  try {
    entries = readdirSync(root, { withFileTypes: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
  return [ROOT, ...entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)]
}
