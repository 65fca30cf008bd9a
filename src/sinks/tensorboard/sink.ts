/**
 * TensorBoard event files with a run's scalars: `tensorboard/` for producer 0, `tensorboard/<producer>/` for
 * each other one, since two writers of one tag in a directory would hide each other's points.
 *
 * Files are float32, and steps are integers there: a fractional step is floored. Per tag, a step lower than the
 * last one is left out. State: per directory, the last file, its length, a checksum of all files, and the last
 * step of each tag.
 * Formats: tfrecord.ts, protobuf/event.ts.
 */
import { type Dirent, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { RecordBatch } from '../../record/batch.js'
import type { Sink, SinkContext, SinkState, WriteResult } from '../sink.js'
import { EventDirectory } from './event-directory.js'
import { recoverDirectory } from './event-file.js'
import { parseState } from './state.js'

export function createSink(): Sink {
  return new TensorBoardSink()
}

class TensorBoardSink implements Sink {
  #context: SinkContext | undefined
  /** What the files hold, unless a write failed half-way. */
  #state: SinkState | null = null
  #torn = false
  #suspect = false
  readonly #directories = new Map<string, EventDirectory>()
  #directoryOfProducer: EventDirectory[] = []

  async open(context: SinkContext, state: SinkState | null): Promise<void> {
    this.#context = context
    this.#state = state
    this.#suspect = context.suspect
    this.#recover()
  }

  async write(batch: RecordBatch): Promise<WriteResult> {
    if (this.#torn) this.#recover()
    this.#torn = true
    const notApplicable = this.#add(batch)
    const directories = []
    for (const directory of this.#directories.values()) {
      directory.flush()
      const state = directory.state()
      if (state !== undefined) directories.push(state)
    }
    this.#state = { directories }
    this.#torn = false
    return { state: this.#state, notApplicable }
  }

  async close(): Promise<void> {
    this.#closeDirectories()
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
      this.#directories.set(name, new EventDirectory(path, name, state, recovered))
    }
    this.#torn = false
    // What has been checked once is in this boot's page cache.
    this.#suspect = false
  }

  #root(): string {
    return join(this.#context!.runDir, 'tensorboard')
  }

  /** Hands each directory its rows, in stretches of one producer; returns how many rows go nowhere. */
  #add(batch: RecordBatch): number {
    const { count, producers } = batch
    let leftOut = 0
    for (let from = 0; from < count; ) {
      const producer = producers[from]!
      let to = from + 1
      while (to < count && producers[to] === producer) to++
      const directory = this.#directoryFor(producer)
      leftOut += directory.add(batch, from, to)
      this.#warnOf(directory)
      from = to
    }
    return leftOut
  }

  #directoryFor(producer: number): EventDirectory {
    const known = this.#directoryOfProducer[producer]
    if (known !== undefined) return known
    const name = producer === 0 ? '' : this.#context!.producerName(producer)
    const directory = this.#directories.get(name) ?? new EventDirectory(join(this.#root(), name), name)
    this.#directories.set(name, directory)
    this.#directoryOfProducer[producer] = directory
    return directory
  }

  #warnOf({ encoder }: EventDirectory): void {
    if (encoder.steppedBack) {
      encoder.steppedBack = false
      this.#context!.warn(
        'step-back',
        'TensorBoard gets no value whose step is lower than the last one of its tag: its loader would drop the later points. Log metrics with increasing steps, or in a run of their own.',
      )
    }
    if (encoder.stepTooLarge) {
      encoder.stepTooLarge = false
      this.#context!.warn(
        'step-too-large',
        'TensorBoard gets no row whose step is beyond 2^53 - 1, the largest exact integer.',
      )
    }
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
  return ['', ...entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)]
}
