import type { ConsoleOutput } from '../../record/updates.js'
import { Message } from '../protobuf.js'
import { timestamp } from './timestamp.js'

type Stream = ConsoleOutput['stream']

/** Characters of one record of ours; a line is never cut. */
const RECORD_CHARS = 16_384

/** What a log's records of printed text make of each stream: whole lines, however the text was cut into records. */
export class ConsoleLines {
  readonly #rest: Record<Stream, string> = { stdout: '', stderr: '' }
  #lastTime = 0

  /** OutputRawRecord and OutputRecord alike: output_type 1 (0: stderr), timestamp 2, line 3. Throws ProtobufError. */
  add(bytes: Buffer): ConsoleOutput[] {
    const output = new Message(bytes)
    let stream: Stream = 'stderr'
    let time = this.#lastTime
    let text = ''
    while (output.next()) {
      if (output.field === 1) stream = output.integer === 0 ? 'stderr' : 'stdout'
      else if (output.field === 2) time = timestamp(output.bytes)
      else if (output.field === 3) text = output.text
    }
    this.#lastTime = time
    const lines = (this.#rest[stream] + text).split('\n')
    this.#rest[stream] = lines.pop()!
    return grouped(stream, time, lines)
  }

  /** What was printed last, without a line break. */
  end(): ConsoleOutput[] {
    return (['stdout', 'stderr'] as const).flatMap((stream) =>
      this.#rest[stream] === '' ? [] : grouped(stream, this.#lastTime, [this.#rest[stream]]),
    )
  }
}

function grouped(stream: Stream, time: number, texts: readonly string[]): ConsoleOutput[] {
  const groups: { stream: Stream; lines: { time: number; text: string }[] }[] = []
  let chars = Number.POSITIVE_INFINITY
  for (const text of texts.map(shown)) {
    if (chars + text.length > RECORD_CHARS) {
      groups.push({ stream, lines: [] })
      chars = 0
    }
    groups.at(-1)!.lines.push({ time, text })
    chars += text.length
  }
  return groups
}

/** Of a line that was printed over, what stood there last. */
function shown(line: string): string {
  const text = line.endsWith('\r') ? line.slice(0, -1) : line
  return text.slice(text.lastIndexOf('\r') + 1)
}
