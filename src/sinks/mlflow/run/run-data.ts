import { SinkError } from '../../errors.js'
import { isDivisible } from '../../http/pause.js'
import type { SinkContext } from '../../sink.js'
import { NOT_FOUND } from '../api/answers.js'
import type { Client } from '../api/client.js'
import { type Limits, MAX_REQUEST_BYTES, PARAMS_PER_REQUEST, TAGS_PER_REQUEST } from '../api/limits.js'
import { sendable } from '../api/text.js'
import { cut, type Names } from '../names.js'
import type { ServerRun } from './server-run.js'

/** Before the name of a param: its newest value, since MLflow's params cannot be changed. */
export const CHANGED_PARAM = 'offstep.param.'
/** Before a name that MLflow does not allow, as it was changed: the name. */
export const MAPPED_NAME = 'offstep.name.'
const ENVELOPE_BYTES = 400

type Pair = readonly [key: string, value: string]

export interface RunDataParts {
  readonly client: Client
  readonly run: Pick<ServerRun, 'runId' | 'params' | 'tags'>
  readonly limits: Limits
  readonly names: Names
  readonly context: SinkContext
}

/** Params and tags of a run, and what the server has of them: only what is new goes out. */
export class RunData {
  readonly #parts: RunDataParts
  readonly #params: Map<string, string>
  readonly #tags: Map<string, string>

  constructor(parts: RunDataParts) {
    this.#parts = parts
    this.#params = new Map(parts.run.params)
    this.#tags = new Map(parts.run.tags)
  }

  /** Those that the server does not have. */
  async addParams(values: readonly Pair[]): Promise<void> {
    const { names } = this.#parts
    await this.setParams(values.filter(([name]) => !this.#params.has(names.of(name))))
  }

  /** The newest value of each. One that has another value already is a tag from then on, and said once. */
  async setParams(values: readonly Pair[]): Promise<void> {
    const { names, limits, context } = this.#parts
    const added = new Map<string, string>()
    const changed = new Map<string, string>()
    for (const [name, whole] of values) {
      const key = names.of(name)
      const value = cut(sendable(whole), limits.paramCharacters)
      if (value.length < whole.length) context.warn('param-length', cutParam(name, limits))
      const known = this.#params.get(key) ?? added.get(key)
      if (known === undefined) added.set(key, value)
      else if (known !== value || this.#tags.has(names.of(CHANGED_PARAM + key))) {
        changed.set(names.of(CHANGED_PARAM + key), value)
        if (known !== value) context.warn('param-changed', changedParam(name))
      }
    }
    for (const part of parts([...added], PARAMS_PER_REQUEST)) await this.#sendParams(part)
    await this.#sendTags([...changed])
  }

  /** Those that the server has with the same value stay as they are. */
  async setTags(values: Iterable<Pair>): Promise<void> {
    const { names } = this.#parts
    await this.#sendTags(Array.from(values, ([name, value]) => [names.of(name), value] as const))
  }

  async deleteTag(name: string): Promise<void> {
    const { client, run, names, context } = this.#parts
    const key = names.of(name)
    if (!this.#tags.has(key)) return
    try {
      await client.post('runs/delete-tag', { run_id: run.runId, key }, context.signal)
    } catch (error) {
      // It is gone already.
      if (!(error instanceof SinkError) || error.code !== NOT_FOUND) throw error
    }
    this.#tags.delete(key)
  }

  /** Tags that say which name each changed one was. */
  async recordNames(): Promise<void> {
    const { names } = this.#parts
    if (names.fresh.length === 0) return
    await this.#sendTags(names.fresh.map(([mapped, name]) => [MAPPED_NAME + mapped, name] as const))
    names.recorded()
  }

  async #sendTags(values: readonly Pair[]): Promise<void> {
    const { limits } = this.#parts
    const pairs = values.map(([key, value]) => [key, cut(sendable(value), limits.tagCharacters)] as const)
    const fresh = new Map(pairs.filter(([key, value]) => this.#tags.get(key) !== value))
    for (const part of parts([...fresh], TAGS_PER_REQUEST)) await this.#send('tags', part, this.#tags)
  }

  async #sendParams(pairs: readonly Pair[]): Promise<void> {
    await this.#send('params', pairs, this.#params)
  }

  /** What MLflow refuses is found by halves, said, and left out: nobody's row is to blame. */
  async #send(kind: 'params' | 'tags', pairs: readonly Pair[], known: Map<string, string>): Promise<void> {
    const { client, run, context } = this.#parts
    try {
      const entries = pairs.map(([key, value]) => ({ key, value }))
      await client.post('runs/log-batch', { run_id: run.runId, [kind]: entries }, context.signal)
      for (const [key, value] of pairs) known.set(key, value)
    } catch (error) {
      if (!isDivisible(error)) throw error
      if (pairs.length > 1) {
        const half = pairs.length >> 1
        await this.#send(kind, pairs.slice(0, half), known)
        await this.#send(kind, pairs.slice(half), known)
      } else {
        context.warn(
          `refused-${kind}`,
          `MLflow has refused "${pairs[0]![0]}" of the ${kind}: ${error.message}`,
        )
      }
    }
  }
}

/** As few as the limits allow. */
function parts(pairs: readonly Pair[], most: number): Pair[][] {
  const found: Pair[][] = []
  let bytes = 0
  for (const pair of pairs) {
    const size = Buffer.byteLength(JSON.stringify({ key: pair[0], value: pair[1] })) + 1
    const last = found.at(-1)
    if (last === undefined || last.length >= most || bytes + size > MAX_REQUEST_BYTES - ENVELOPE_BYTES) {
      found.push([pair])
      bytes = size
    } else {
      last.push(pair)
      bytes += size
    }
  }
  return found
}

const cutParam = (name: string, { paramCharacters }: Limits): string =>
  `the param "${name}" is cut at MLflow, which takes ${paramCharacters} characters: run.json has all of it`

const changedParam = (name: string): string =>
  `the param "${name}" has changed, which MLflow's params cannot: its newest value is the tag "${CHANGED_PARAM}${name}"`
