import { Writable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { countersOf } from '../ring/account.js'
import { F64 } from '../ring/layout.js'
import { connect, emitWarning, type ProducerHandle } from '../run/connect.js'
import { poll } from '../run/poll.js'
import { LineBuffer, type PinoOptions } from './lines.js'

/** How long the end of the transport waits for a daemon that does not take its lines. */
const HAND_OVER_MS = 10_000

export interface TransportOptions extends PinoOptions {
  /** `run.producer()`: one for each transport. */
  readonly run: ProducerHandle
}

/**
 * A transport of pino, in pino's own thread:
 *
 *     pino.transport({ target: 'offstep/pino', options: { run: run.producer({ name: 'pino' }) } })
 *
 * Lines are parsed there, for their level and time. End the transport before `run.finish()`. Throws TypeError for options
 * without a handle, and ConnectError for one that is in use.
 */
export function createTransport({ run, ...options }: TransportOptions): Writable {
  if (run?.offstep === undefined) {
    throw new TypeError('offstep/pino: give { run: run.producer() } in the options of the transport')
  }
  const buffer = new LineBuffer(connect(run), options)
  const decoder = new StringDecoder('utf8')
  let tail = ''
  const take = (text: string): void => {
    const lines = (tail + text).split('\n')
    tail = lines.pop()!
    for (const line of lines) if (line !== '') addLine(buffer, line)
  }
  return new Writable({
    decodeStrings: true,
    write(chunk: Buffer, _encoding, done) {
      take(decoder.write(chunk))
      // At once: the run may end before a timer does.
      buffer.flush()
      done()
    },
    final(done) {
      take(`${decoder.end()}\n`)
      buffer.end()
      void handedOver(run).then(() => done())
    },
  })
}

/** A thread that ends takes along what it has not sent: the daemon may just be starting, or being replaced. */
async function handedOver({ offstep, ring }: ProducerHandle): Promise<void> {
  if (offstep === 'disabled') return
  const counters = countersOf(ring)
  const left = (): number => counters[F64.MEDIA_POSTED]! - counters[F64.MEDIA_DONE]!
  if (await poll(() => left() <= 0, performance.now() + HAND_OVER_MS)) return
  emitWarning(
    'log-lines',
    `The run has not taken ${left()} records of log lines: end the transport before run.finish()`,
  )
}

function addLine(buffer: LineBuffer, line: string): void {
  const { level, time } = headOf(line)
  buffer.add(line, level, time)
}

/** What is not pino's JSON is a line too. */
function headOf(line: string): { readonly level: number; readonly time: number } {
  try {
    const { level, time } = JSON.parse(line) as { level?: unknown; time?: unknown }
    const ms = typeof time === 'string' ? Date.parse(time) : time
    return {
      level: typeof level === 'number' ? level : 30,
      time: typeof ms === 'number' && Number.isFinite(ms) ? ms : Date.now(),
    }
  } catch {
    return { level: 30, time: Date.now() }
  }
}
