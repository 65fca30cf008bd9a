/**
 * The sink "s3": artifacts and saved files of a run, in a bucket of Amazon's S3 or of a server that speaks as it does.
 * Content is named by its hash, so that what comes again after a crash is found to be there. State: where each artifact
 * has come to, by which its next version has its number.
 */
import { nextVersion } from '../../artifact/versions.js'
import { checkedValue, MediaFileError } from '../../media/checked-file.js'
import type { RecordBatch } from '../../record/batch.js'
import type { MediaRecordOf } from '../../record/media.js'
import type { ArtifactValue } from '../../record/updates.js'
import { eachOf, orAborted } from '../background.js'
import type { SinkError } from '../errors.js'
import { parseOptions } from '../file/parse-options.js'
import type { RejectedRow, Sink, SinkContext, SinkState, WriteResult } from '../sink.js'
import { AT_ONCE, Bucket } from './bucket.js'
import { ATTEMPTS, type ClientSetup, loadSdk, makeClient, secretsOf } from './client.js'
import { pause, s3Error } from './errors.js'
import { aliasesOf, contentsOf, manifestOf, type RunPlace, savedFileOf } from './layout.js'
import { placeOf, type S3Options, s3Options } from './options.js'
import { ContentSender } from './sender.js'
import { parseHeads, type S3Heads } from './state.js'

/** Where work is asked for again while it is on its way. */
const WORK_AGAIN_MS = 1000

export function createSink({ env = process.env, attempts = ATTEMPTS }: Partial<ClientSetup> = {}): Sink {
  return new S3Sink({ env, attempts })
}

interface Session {
  readonly place: RunPlace
  readonly bucket: Bucket
  readonly sender: ContentSender
  readonly abort: AbortController
  readonly secrets: readonly string[]
  readonly close: () => void
}

/** What a row has come to: null where all of it is there. */
type Outcome = SinkError | null

class S3Sink implements Sink {
  /** Artifacts outlive a rewind. */
  readonly afterRewind = 'continue'
  readonly #setup: ClientSetup
  #context!: SinkContext
  #session: Session | null = null
  #heads: S3Heads = new Map()
  /** What is on its way, by the sequence number of its record: it goes on when a slice is over. */
  readonly #working = new Map<number, Promise<Outcome>>()

  constructor(setup: ClientSetup) {
    this.#setup = setup
  }

  async open(context: SinkContext, state: SinkState | null): Promise<void> {
    this.#end()
    this.#context = context
    this.#heads = parseHeads(state)
    const options = parseOptions('s3', s3Options, context.options)
    if (options.mode === 'offline' && context.live) {
      throw pause('OFFLINE', 'the run is offline: `offstep sync` delivers it to S3 later')
    }
    this.#session = await this.#begin(options)
  }

  async write(batch: RecordBatch): Promise<WriteResult> {
    const calls = callsOf(batch)
    const heads = new Map(this.#heads)
    const rejected: RejectedRow[] = []
    await eachOf([...byName(calls).values()], AT_ONCE, async (chain) => {
      for (const call of chain) {
        const outcome = await this.#deliver(call, heads)
        if (outcome !== null) rejected.push({ row: call.row, cause: outcome.code, reason: outcome.message })
      }
    })
    this.#heads = heads
    // Of records that are settled: the next batch has others.
    this.#working.clear()
    return { state: { heads: [...heads] }, notApplicable: batch.count - calls.length, rejected }
  }

  async close(): Promise<void> {
    this.#end()
  }

  async #begin(options: S3Options): Promise<Session> {
    const { project, runId, runName, runDir } = this.#context
    const { bucket, prefix } = placeOf(options.url)
    const sdk = await loadSdk()
    const abort = new AbortController()
    try {
      const client = makeClient(sdk, options, this.#setup)
      const { partBytes } = options
      const target = new Bucket({ sdk, client, bucket, partBytes, signal: abort.signal })
      const sender = new ContentSender(target)
      const run = { project, id: runId, name: runName }
      const place = { prefix: `${prefix}${project}/${runId}/`, runDir, run }
      return {
        place,
        bucket: target,
        sender,
        abort,
        secrets: await secretsOf(client),
        close: () => client.destroy(),
      }
    } catch (error) {
      throw s3Error(error)
    }
  }

  #end(): void {
    this.#session?.abort.abort()
    this.#session?.close()
    this.#session = null
    this.#working.clear()
  }

  async #deliver(call: Call, heads: S3Heads): Promise<Outcome> {
    const { record, sequence } = call
    const { place, sender } = this.#session!
    if (record.kind === 'file') return this.#inTime(sequence, () => sender.send(savedFileOf(place, record)))
    try {
      return await this.#deliverArtifact(call, checkedValue(place.runDir, record), heads)
    } catch (error) {
      if (error instanceof MediaFileError) return s3Error(error)
      throw error
    }
  }

  /** Its version counts also where its files are gone: versions have the numbers that they have in the run. */
  async #deliverArtifact(call: Call, value: ArtifactValue, heads: S3Heads): Promise<Outcome> {
    const { name } = call.record
    const before = heads.get(name) ?? null
    const { head, isNew } = nextVersion(before, value)
    const owed = isNew || before?.missing === true
    const { place, sender } = this.#session!
    const outcome = await this.#inTime(call.sequence, async () => {
      await sender.sendAll(contentsOf(place, value))
      if (owed) await sender.send(manifestOf(place, { ...call, name, value }, head))
      await sender.send(aliasesOf(place, name, head))
    })
    heads.set(name, outcome === null ? head : { ...head, aliases: before?.aliases ?? [], missing: owed })
    return outcome
  }

  /** Throws what makes the batch come again: a `retry` SinkError when the slice is over. */
  async #inTime(sequence: number, work: () => Promise<void>): Promise<Outcome> {
    let working = this.#working.get(sequence)
    if (working === undefined) {
      working = this.#outcomeOf(work)
      this.#working.set(sequence, working)
      // What failed begins anew the next time; where nobody waits any more, that one meets the same error.
      working.catch(() => this.#working.delete(sequence))
    }
    return orAborted(working, this.#context.signal, 'files are still on their way to S3', WORK_AGAIN_MS)
  }

  async #outcomeOf(work: () => Promise<void>): Promise<Outcome> {
    try {
      await work()
      return null
    } catch (thrown) {
      const error = s3Error(thrown, this.#session?.secrets, this.#session?.bucket.works)
      if (error.action !== 'reject') throw error
      if (error.code === 'file-refused') this.#session?.bucket.refused()
      return error
    }
  }
}

/** A row that this sink takes. */
interface Call {
  readonly row: number
  readonly sequence: number
  readonly step: number
  readonly time: number
  readonly record: MediaRecordOf<'artifact'> | MediaRecordOf<'file'>
}

function callsOf({ media, sequences, steps, times }: RecordBatch): Call[] {
  const calls: Call[] = []
  for (const [row, record] of media) {
    if (record.kind !== 'artifact' && record.kind !== 'file') continue
    calls.push({ row, sequence: sequences[row]!, step: steps[row]!, time: times[row]!, record })
  }
  return calls.sort((a, b) => a.row - b.row)
}

/** Of one name one after the other: versions are numbered, and the last one of a file stays. */
function byName(calls: readonly Call[]): Map<string, Call[]> {
  const chains = new Map<string, Call[]>()
  for (const call of calls) {
    const key = `${call.record.kind} ${call.record.name}`
    const chain = chains.get(key)
    if (chain === undefined) chains.set(key, [call])
    else chain.push(call)
  }
  return chains
}
