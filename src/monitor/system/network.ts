import { readProc } from './proc.js'
import type { Sample } from './sample.js'

/** Bytes that the machine has received and sent since the monitor began, of all interfaces but loopback. Linux. */
export class NetworkMeter {
  readonly #start = traffic()

  sample(into: Sample): void {
    const now = traffic()
    if (now === null || this.#start === null) return
    into['network.recv'] = Math.max(0, now.received - this.#start.received)
    into['network.sent'] = Math.max(0, now.sent - this.#start.sent)
  }
}

/** /proc/net/dev: "name: received 7 others sent ...". */
function traffic(): { readonly received: number; readonly sent: number } | null {
  const text = readProc('/proc/net/dev')
  if (text === null) return null
  let received = 0
  let sent = 0
  for (const line of text.split('\n').slice(2)) {
    const [name, numbers] = line.split(':')
    if (numbers === undefined || name!.trim() === 'lo') continue
    const fields = numbers.trim().split(/\s+/).map(Number)
    received += fields[0] ?? 0
    sent += fields[8] ?? 0
  }
  return { received, sent }
}
