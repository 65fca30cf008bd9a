import { eachOf, orAborted } from '../../../background.js'
import type { SinkError } from '../../../errors.js'
import type { Content } from '../../../http/content.js'
import { isDivisible, pause } from '../../../http/pause.js'
import { confirmedUpload, isRefusal } from '../http/answers.js'
import type { Transport } from '../http/transport.js'
import type { KnownRun } from '../run/bucket.js'
import type { GraphQl } from '../run/graphql.js'
import { createRunFiles, type UploadTarget } from './create-run-files.js'

/** A file of the run at W&B. */
export interface UploadedFile {
  /** Path at W&B. */
  readonly name: string
  readonly content: Content
  /** Of the content, in hex. */
  readonly sha256: string
  /** The row of the batch that it belongs to. */
  readonly row: number
}

export interface RefusedFile {
  readonly row: number
  readonly cause: string
  readonly reason: string
}

interface Refusal {
  readonly cause: string
  readonly reason: string
}

/** Of a file with this content; `refusal`: null where it is up. */
interface Outcome {
  readonly sha256: string
  readonly refusal: Refusal | null
}

/** For so many an address is asked for at once; they are valid for a while only. */
const FILES_PER_CALL = 20
/** As many as there are connections. */
const AT_ONCE = 4
/** A store that has refused so many files in a row refuses something else than the files. */
const MAX_REFUSED_IN_ROW = 20

const MAX_REFUSALS = 3

const LATE = 'the time was over before all files of the run were up'

/**
 * Brings files to W&B. It goes on between the slices of a delivery, so that a file that takes longer than one gets
 * there too; what is up is remembered until its batch is settled, so that a batch that comes again goes on with what
 * is left. After a crash files come again, over themselves.
 */
export class RunFiles {
  readonly #transport: Transport
  readonly #graphql: GraphQl
  readonly #run: KnownRun
  readonly #key: () => string
  readonly #abort = new AbortController()
  /**
   * By name: a batch that comes again with fewer rows may bring an older content, which then takes the place of the
   * newer one, and that has to come once more.
   */
  readonly #outcomes = new Map<string, Outcome>()
  #working: Promise<void> | null = null
  #refusedInRow = 0
  #refusals = 0

  constructor(transport: Transport, graphql: GraphQl, run: KnownRun, key: () => string) {
    this.#transport = transport
    this.#graphql = graphql
    this.#run = run
    this.#key = key
  }

  /**
   * Resolves when all are up, but those that W&B refuses for good. Of several with one name the last one counts.
   * Throws a SinkError that says what to do; `retry`, where the signal aborts first.
   */
  async upload(files: readonly UploadedFile[], signal: AbortSignal): Promise<RefusedFile[]> {
    const latest = [...new Map(files.map((file) => [file.name, file])).values()]
    for (;;) {
      const left = latest.filter((file) => this.#outcomeOf(file) === undefined)
      if (left.length === 0) return latest.flatMap((file) => this.#refusalOf(file))
      if (this.#working === null) {
        this.#working = this.#uploadAll(left).finally(() => {
          if (this.#refusedInRow >= MAX_REFUSED_IN_ROW) this.#giveNoneUp()
          this.#working = null
        })
        // Where nobody waits any more: the next slice meets the same error.
        this.#working.catch(() => {})
      }
      await orAborted(this.#working, signal, LATE)
    }
  }

  /** The batch with these files is delivered: a later one may bring others of the same content. */
  settled(files: readonly UploadedFile[]): void {
    for (const file of files) if (this.#outcomeOf(file) !== undefined) this.#outcomes.delete(file.name)
  }

  /** Ends what is on its way. */
  stop(): void {
    this.#abort.abort()
  }

  #outcomeOf({ name, sha256 }: UploadedFile): Outcome | undefined {
    const outcome = this.#outcomes.get(name)
    return outcome?.sha256 === sha256 ? outcome : undefined
  }

  #refusalOf(file: UploadedFile): RefusedFile[] {
    const refusal = this.#outcomeOf(file)?.refusal
    return refusal ? [{ row: file.row, ...refusal }] : []
  }

  async #uploadAll(files: readonly UploadedFile[]): Promise<void> {
    for (let from = 0; from < files.length; from += FILES_PER_CALL) {
      const part = files.slice(from, from + FILES_PER_CALL)
      const refused = await this.#uploadPart(part, false)
      // An address may have been too old by its turn.
      if (refused.length > 0) await this.#uploadPart(refused, true)
    }
    this.#refusals = 0
  }

  /** The files whose address was refused; with `last`, that is noted and none is left. */
  async #uploadPart(files: readonly UploadedFile[], last: boolean): Promise<UploadedFile[]> {
    const targets = await this.#targets(files)
    const refused: UploadedFile[] = []
    await eachOf(files, AT_ONCE, async (file) => {
      const refusal = await this.#put(file, targets.get(file.name))
      if (refusal !== null && !last) refused.push(file)
      else this.#note(file, refusal)
    })
    return refused
  }

  /** Those that W&B gives no address for are left out. */
  async #targets(files: readonly UploadedFile[]): Promise<ReadonlyMap<string, UploadTarget | Refusal>> {
    const names = files.map(({ name }) => name)
    try {
      return await createRunFiles(this.#graphql, this.#run, names, this.#key(), this.#abort.signal)
    } catch (error) {
      if (!isDivisible(error) && !this.#keepsRefusing(error)) throw error
      if (files.length === 1) return new Map([[names[0]!, refusalOf(error)]])
      const half = files.length >> 1
      const first = await this.#targets(files.slice(0, half))
      return new Map([...first, ...(await this.#targets(files.slice(half)))])
    }
  }

  /** What is refused within a 200 may go away by itself; some name of a file may also be the cause. */
  #keepsRefusing(error: unknown): error is SinkError {
    return isRefusal(error) && error.action === 'retry' && ++this.#refusals >= MAX_REFUSALS
  }

  /** Null where the file is up. */
  async #put({ content }: UploadedFile, target: UploadTarget | Refusal | undefined): Promise<Refusal | null> {
    if (target === undefined || 'cause' in target) return target ?? NO_ADDRESS
    try {
      const answer = await this.#transport.put(target.url, content, target.headers, this.#abort.signal)
      confirmedUpload(answer, this.#key())
      return null
    } catch (error) {
      if (!isDivisible(error)) throw error
      return refusalOf(error)
    }
  }

  #note(file: UploadedFile, refusal: Refusal | null): void {
    this.#outcomes.set(file.name, { sha256: file.sha256, refusal })
    this.#refusedInRow = refusal === null || refusal.cause === 'media-file' ? 0 : this.#refusedInRow + 1
    if (this.#refusedInRow >= MAX_REFUSED_IN_ROW) throw refusesEverything(refusal!.reason)
  }

  #giveNoneUp(): void {
    this.#refusedInRow = 0
    for (const [name, { refusal }] of this.#outcomes) if (refusal !== null) this.#outcomes.delete(name)
  }
}

const NO_ADDRESS: Refusal = { cause: 'file-refused', reason: 'W&B has given no address for the file' }

const refusalOf = ({ code, message }: SinkError): Refusal => ({
  cause: code === 'media-file' ? code : 'file-refused',
  reason: message,
})

const refusesEverything = (reason: string) =>
  pause(
    'WANDB_REFUSES_ALL',
    `W&B has refused ${MAX_REFUSED_IN_ROW} files in a row, so none is given up: ${reason}`,
  )
