import { StringDecoder } from 'node:string_decoder'
import type { ConsoleOutput } from '../record/updates.js'

type Stream = ConsoleOutput['stream']
type Line = ConsoleOutput['lines'][number]

/** Takes lines of one stream; called on the thread that printed them. */
export type TakeLines = (stream: Stream, lines: readonly Line[]) => void

const STREAMS: readonly Stream[] = ['stdout', 'stderr']
/** Lines wait this long for more of them. */
const DELAY_MS = 100
/** They do not wait where there is so much of them: a loop may not return to the event loop for long. */
const MAX_WAITING_CHARS = 64 * 1024
/** What is longer without a line break is cut into lines of this length. */
const MAX_LINE_CHARS = 64 * 1024

/**
 * Copies what this thread prints through `process.stdout` and `process.stderr`. The output itself goes its way as
 * before. What is written to the file descriptors past them (by native code, or by another process) is not seen.
 */
export class ConsoleCapture {
  readonly #take: TakeLines
  readonly #tails = new Map(STREAMS.map((stream) => [stream, new Tail()]))
  #waiting: { stream: Stream; lines: Line[] }[] = []
  #chars = 0
  #timer: NodeJS.Timeout | undefined

  constructor(take: TakeLines) {
    this.#take = take
    listen(this)
  }

  /** Gives away the lines that wait; with `rest`, also what has no line break yet. Never throws. */
  flush(rest = false): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (rest) for (const stream of STREAMS) this.#keep(stream, this.#tails.get(stream)!.end())
    const waiting = this.#waiting
    this.#waiting = []
    this.#chars = 0
    for (const { stream, lines } of waiting) this.#take(stream, lines)
  }

  /** Takes what was printed. */
  hear(stream: Stream, chunk: string | Uint8Array): void {
    this.#keep(stream, this.#tails.get(stream)!.add(chunk))
    if (this.#chars > MAX_WAITING_CHARS) this.flush()
    else if (this.#waiting.length > 0) this.#timer ??= setTimeout(() => this.flush(), DELAY_MS).unref()
  }

  /** From here on nothing is taken any more. */
  stop(): void {
    forget(this)
    this.flush(true)
  }

  #keep(stream: Stream, texts: readonly string[]): void {
    if (texts.length === 0) return
    const time = Date.now()
    const lines = texts.map((text) => ({ time, text: lastOf(text) }))
    for (const text of texts) this.#chars += text.length + 1
    const newest = this.#waiting.at(-1)
    if (newest?.stream === stream) newest.lines = newest.lines.concat(lines)
    else this.#waiting.push({ stream, lines })
  }
}

/** What was printed behind the last line break. */
class Tail {
  readonly #decoder = new StringDecoder('utf8')
  #text = ''

  /** Lines that are complete now. */
  add(chunk: string | Uint8Array): string[] {
    this.#text += typeof chunk === 'string' ? chunk : this.#decoder.write(chunk)
    const lines = this.#text.split('\n')
    this.#text = lines.pop()!
    // A progress bar prints over its line for ever: what it has printed over is gone.
    if (this.#text.length > MAX_LINE_CHARS) this.#text = this.#text.slice(this.#text.lastIndexOf('\r') + 1)
    while (this.#text.length > MAX_LINE_CHARS) {
      lines.push(this.#text.slice(0, MAX_LINE_CHARS))
      this.#text = this.#text.slice(MAX_LINE_CHARS)
    }
    return lines
  }

  end(): string[] {
    const text = this.#text + this.#decoder.end()
    this.#text = ''
    return text === '' ? [] : [text]
  }
}

/** What a terminal shows of a line that was printed over with `\r`. */
function lastOf(line: string): string {
  const text = line.endsWith('\r') ? line.slice(0, -1) : line
  return text.slice(text.lastIndexOf('\r') + 1)
}

const listeners = new Set<ConsoleCapture>()
const restore: (() => void)[] = []

function listen(capture: ConsoleCapture): void {
  if (listeners.size === 0) for (const stream of STREAMS) restore.push(hook(stream))
  listeners.add(capture)
}

function forget(capture: ConsoleCapture): void {
  listeners.delete(capture)
  if (listeners.size === 0) for (const undo of restore.splice(0)) undo()
}

/** Puts itself in front of the stream's `write()`; returns what takes it away. */
function hook(name: Stream): () => void {
  const stream = process[name]
  const write = stream.write
  let active = true
  const hooked = function (this: NodeJS.WriteStream, chunk: string | Uint8Array, ...rest: unknown[]) {
    if (active && (typeof chunk === 'string' || chunk instanceof Uint8Array)) {
      for (const listener of listeners) listener.hear(name, chunk)
    }
    return Reflect.apply(write, this, [chunk, ...rest]) as boolean
  } as typeof stream.write
  stream.write = hooked
  return () => {
    active = false
    // Somebody else may have put himself in front of us by now, and would be lost.
    if (stream.write === hooked) stream.write = write
  }
}
