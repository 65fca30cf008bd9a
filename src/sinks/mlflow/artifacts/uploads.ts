import { eachOf, orAborted } from '../../background.js'
import { SinkError } from '../../errors.js'
import type { Content } from '../../http/content.js'
import { isDivisible, pause } from '../../http/pause.js'
import type { RejectedRow, SinkContext } from '../../sink.js'
import type { ArtifactStore } from './store.js'
import { plainPath } from './stored-path.js'

/** A file of the run at MLflow. */
export interface UploadedFile {
  /** Among the run's files, with `/`. */
  readonly path: string
  readonly content: Content
  /** Of the content, in hex. */
  readonly sha256: string
  /** The row of the batch that it belongs to. */
  readonly row: number
}

interface Refusal {
  readonly cause: string
  readonly reason: string
}

/** As many as there are connections. */
const AT_ONCE = 4
/** A store that has refused so many files in a row refuses something else than the files. */
const MAX_REFUSED_IN_ROW = 20
/** After so many another path is tried. */
const MAX_FAILURES = 3
const LATE = 'the time was over before all files of the run were up'

/**
 * Brings files to MLflow. It goes on between the slices of a delivery, so that a file that takes longer than one gets
 * there too; what is up is remembered until its batch is settled. After a crash files come again, over themselves.
 */
export class Uploads {
  readonly #store: ArtifactStore
  readonly #abort = new AbortController()
  /** By path and content; null where it is up. */
  readonly #outcomes = new Map<string, Refusal | null>()
  #working: Promise<void> | null = null
  /** How often the server has failed at each. */
  readonly #failures = new Map<string, number>()
  readonly #warn: SinkContext['warn']
  #refusedInRow = 0

  constructor(store: ArtifactStore, warn: SinkContext['warn']) {
    this.#store = store
    this.#warn = warn
  }

  /**
   * The rows with a file that MLflow refuses for good. Of several files with one path the last one counts. Throws a
   * SinkError that says what to do; `retry`, where the signal aborts first.
   */
  async upload(files: readonly UploadedFile[], signal: AbortSignal): Promise<RejectedRow[]> {
    const latest = [...new Map(files.map((file) => [file.path, file])).values()]
    for (;;) {
      const left = latest.filter((file) => !this.#outcomes.has(keyOf(file)))
      if (left.length === 0) return this.#refused(latest)
      if (this.#working === null) {
        this.#working = eachOf(left, AT_ONCE, (file) => this.#put(file)).finally(() => {
          this.#working = null
        })
        // Where nobody waits any more: the next slice meets the same error.
        this.#working.catch(() => {})
      }
      await orAborted(this.#working, signal, LATE)
    }
  }

  /** The batch is delivered: a later one may bring older contents of the same paths. */
  settled(): void {
    if (this.#working !== null) return
    this.#outcomes.clear()
    this.#failures.clear()
  }

  /** Ends what is on its way. */
  stop(): void {
    this.#abort.abort()
  }

  async #put(file: UploadedFile): Promise<void> {
    const refusal = await this.#putSomewhere(file).then(
      () => null,
      (error: unknown) => {
        if (!isDivisible(error)) throw error
        return { cause: error.code === 'media-file' ? error.code : 'file-refused', reason: error.message }
      },
    )
    this.#outcomes.set(keyOf(file), refusal)
    this.#refusedInRow = refusal === null || refusal.cause === 'media-file' ? 0 : this.#refusedInRow + 1
    if (this.#refusedInRow >= MAX_REFUSED_IN_ROW) throw this.#giveNoneUp(refusal!.reason)
  }

  /**
   * A server that cannot keep a path (a directory has that name, it is too long) says no more than that it has failed. So
   * does one in trouble: which of both it is, another path tells.
   */
  async #putSomewhere(file: UploadedFile): Promise<void> {
    const { path, content } = file
    try {
      await this.#store.put(path, content, this.#abort.signal)
    } catch (error) {
      const failures = (this.#failures.get(keyOf(file)) ?? 0) + 1
      if (!isOwnFailure(error)) throw error
      this.#failures.set(keyOf(file), failures)
      if (failures < MAX_FAILURES) throw error
      const other = plainPath(path)
      await this.#store.put(other, content, this.#abort.signal)
      this.#warn('file-path', `the MLflow server cannot keep a file as "${path}": it is "${other}" there`)
    }
  }

  #giveNoneUp(reason: string): SinkError {
    this.#refusedInRow = 0
    for (const [key, refusal] of this.#outcomes) if (refusal !== null) this.#outcomes.delete(key)
    return pause(
      'MLFLOW_REFUSES_ALL',
      `MLflow has refused ${MAX_REFUSED_IN_ROW} files in a row, so none is given up: ${reason}`,
    )
  }

  #refused(files: readonly UploadedFile[]): RejectedRow[] {
    const rows = new Map<number, RejectedRow>()
    for (const file of files) {
      const refusal = this.#outcomes.get(keyOf(file))
      if (refusal) rows.set(file.row, { row: file.row, ...refusal })
    }
    return [...rows.values()]
  }
}

const keyOf = ({ path, sha256 }: UploadedFile): string => `${sha256} ${path}`

/**
 * HTTP 500: of MLflow itself, and not of a proxy before a server that is away. Or a connection that it has cut: it does not
 * read what is left of a file that it has failed over, and its answer is lost then.
 */
const OWN_FAILURES: readonly string[] = [
  'HTTP_500',
  'INTERNAL_ERROR',
  'ECONNRESET',
  'EPIPE',
  'UND_ERR_SOCKET',
]

const isOwnFailure = (error: unknown): boolean =>
  error instanceof SinkError && OWN_FAILURES.includes(error.code)
