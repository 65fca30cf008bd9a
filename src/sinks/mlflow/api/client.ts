import type { Answer } from '../../http/answer.js'
import type { Content } from '../../http/content.js'
import type { Credentials } from '../settings/credentials.js'
import { confirmed, confirmedUpload, type JsonRecord, refusal } from './answers.js'
import { sendableValue } from './text.js'
import type { Transport } from './transport.js'

const PREFIX = '/api/2.0'
/** Of a proxy, or of a server that is not up yet. */
const AWAY: ReadonlySet<number> = new Set([429, 502, 503, 504])

/** MLflow's REST API: https://mlflow.org/docs/latest/rest-api.html. Each call throws a SinkError that says what to do. */
export class Client {
  readonly #transport: Transport
  readonly #baseUrl: string
  readonly #credentials: () => Credentials

  constructor(transport: Transport, baseUrl: string, credentials: () => Credentials) {
    this.#transport = transport
    this.#baseUrl = baseUrl
    this.#credentials = credentials
  }

  get(path: string, query: { readonly [name: string]: string }, signal: AbortSignal): Promise<JsonRecord> {
    return this.#call(
      { method: 'GET', path: `${PREFIX}/mlflow/${path}?${new URLSearchParams(query)}` },
      signal,
    )
  }

  post(path: string, body: object, signal: AbortSignal): Promise<JsonRecord> {
    return this.postText(path, JSON.stringify(body, sendableValue), signal)
  }

  /** `body`: JSON. */
  postText(path: string, body: string, signal: AbortSignal): Promise<JsonRecord> {
    return this.#call({ method: 'POST', path: `${PREFIX}/mlflow/${path}`, body }, signal)
  }

  /** A call about a file that goes up in parts. `path`: encoded. */
  multipart(call: 'create' | 'complete' | 'abort', path: string, body: object, signal: AbortSignal) {
    const at = `${PREFIX}/mlflow-artifacts/mpu/${call}/${path}`
    return this.#call({ method: 'POST', path: at, body: JSON.stringify(body) }, signal)
  }

  /** Of the server, `3.5.0` say; an empty text where it does not tell. */
  async version(signal: AbortSignal): Promise<string> {
    const { authorization, secrets } = this.#credentials()
    const answer = await this.#transport.request({ method: 'GET', path: '/version', authorization }, signal)
    const { status, text } = answer
    // It will tell: what it tells now counts for the whole run.
    if (AWAY.has(status)) throw refusal(answer, secrets)
    return (status === 200 && /^\d[\w.]{0,30}$/.exec(text.trim())?.[0]) || ''
  }

  /** Through the server to wherever it keeps artifacts. `host`: another server that has them. `path`: encoded. */
  async putArtifact(host: string, path: string, content: Content, signal: AbortSignal): Promise<void> {
    const { authorization, secrets } = this.#credentials()
    const base = new URL(this.#baseUrl)
    const own = host === '' || host === base.host
    const origin = own ? this.#baseUrl : `${base.protocol}//${host}${base.pathname.replace(/\/+$/, '')}`
    const url = `${origin}${PREFIX}/mlflow-artifacts/artifacts/${path}`
    const headers = { 'content-type': 'application/octet-stream' }
    const answer = await this.#transport.put(url, content, headers, own ? authorization : undefined, signal)
    confirmedUpload(answer, secrets)
  }

  /** To an address that the server gave. */
  async putPart(
    url: string,
    content: Content,
    headers: { readonly [name: string]: string },
    signal: AbortSignal,
  ): Promise<Answer> {
    const answer = await this.#transport.put(url, content, headers, undefined, signal)
    return confirmedUpload(answer, this.#credentials().secrets, 'PART')
  }

  async #call(
    request: { readonly method: 'GET' | 'POST'; readonly path: string; readonly body?: string },
    signal: AbortSignal,
  ): Promise<JsonRecord> {
    const { authorization, secrets } = this.#credentials()
    return confirmed(await this.#transport.request({ ...request, authorization }, signal), secrets)
  }
}
