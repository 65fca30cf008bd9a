import { createHash } from 'node:crypto'
import type http from 'node:http'
import type { LineValue } from './extended-json.js'
import { type Answer, failure } from './graphql.js'

/** What a client is told to send with each file: "name:value". */
export const UPLOAD_HEADERS = ['x-amz-meta-origin:scripted']

/** Files of one run: an address is given out for each, they are PUT there, and then named in `uploaded`. */
export class Uploads {
  readonly files = new Map<string, Buffer>()
  /** Names of files, as `uploaded` says them. */
  readonly uploaded: string[] = []
  /** How often each file was PUT. */
  readonly puts = new Map<string, number>()
  /** The file of each address that still works, by the address's ticket. */
  readonly #tickets = new Map<string, string>()
  readonly #error: (text: string) => void
  #given = 0

  constructor(error: (text: string) => void) {
    this.#error = error
  }

  /** The ticket of an address for the file. */
  ticket(file: string): string {
    if (file === '' || file.startsWith('/') || file.split('/').some((part) => /^\.{0,2}$/.test(part))) {
      this.#error(`a file with the name ${JSON.stringify(file)}`)
    }
    const ticket = `t${this.#given++}`
    this.#tickets.set(ticket, file)
    return ticket
  }

  /** Addresses that were given out so far are refused with 403. */
  expire(): void {
    this.#tickets.clear()
  }

  /** What a store of files answers to a PUT. The same file again takes the place of the one before. */
  put(ticket: string, file: string, headers: http.IncomingHttpHeaders, body: Buffer): Answer {
    if (this.#tickets.get(ticket) !== file) return failure(403, 'the address has expired')
    for (const header of UPLOAD_HEADERS) {
      const [name, value] = header.split(':') as [string, string]
      if (headers[name] !== value) this.#error(`${file} was PUT without the upload header ${name}`)
    }
    if (headers['content-length'] === undefined) this.#error(`${file} was PUT without its length`)
    this.files.set(file, body)
    this.puts.set(file, (this.puts.get(file) ?? 0) + 1)
    return { status: 200, body: {} }
  }

  /** `uploaded` of a file_stream request. */
  name(files: readonly string[]): void {
    for (const file of files) {
      if (!this.files.has(file)) this.#error(`uploaded names ${file}, which was not PUT`)
    }
    this.uploaded.push(...files)
  }

  /** Files that are there, and that no `uploaded` has named. */
  get unnamed(): string[] {
    return [...this.files.keys()].filter((file) => !this.uploaded.includes(file))
  }

  /** Files that a line names must be there, whole, before it is. */
  checkNamed(value: LineValue): void {
    if (typeof value !== 'object' || value === null) return
    const { _type, path, sha256, size } = value as { readonly [name: string]: LineValue }
    if (typeof _type === 'string' && _type.endsWith('-file')) this.#checkMedia(String(path), sha256, size)
    for (const part of Object.values(value)) this.checkNamed(part)
  }

  #checkMedia(path: string, sha256: LineValue, size: LineValue): void {
    const bytes = this.files.get(path)
    if (bytes === undefined) this.#error(`a line names ${path}, which is not there yet`)
    else if (createHash('sha256').update(bytes).digest('hex') !== sha256) {
      this.#error(`a line names ${path} with the SHA-256 ${String(sha256)} of other bytes`)
    } else if (bytes.length !== size) this.#error(`a line names ${path} with the size ${String(size)}`)
  }
}
