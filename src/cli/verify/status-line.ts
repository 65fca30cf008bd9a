import type { RecoveryProgress } from '../../recovery/report.js'
import { bytesText } from '../../text/bytes.js'
import { countText } from '../../text/text.js'
import type { VerifyProgress } from '../../verify/verify-run.js'
import type { Output } from '../output.js'

const REDRAW_MS = 100
const DELAY_MS = 300

/** One line on a terminal's stderr that says how far the work is; nothing where nobody looks, or it is quick. */
export class StatusLine {
  readonly #output: Output
  #drawn = false
  #nextMs = performance.now() + DELAY_MS

  constructor(output: Output) {
    this.#output = output
  }

  readonly verifying = ({ phase, bytes, totalBytes }: VerifyProgress): void => {
    const what = phase === 'journal' ? 'reading the journal' : 'comparing the sinks with the journal'
    this.#draw(`${what}: ${percent(bytes, totalBytes)} of ${bytesText(totalBytes)}`)
  }

  readonly delivering = ({ sink, rows, totalRows }: RecoveryProgress): void => {
    this.#draw(`writing ${sink} again: ${percent(rows, totalRows)} of ${countText(totalRows)} records`)
  }

  clear(): void {
    if (this.#drawn) process.stderr.write('\r\x1b[K')
    this.#drawn = false
  }

  #draw(text: string): void {
    const now = performance.now()
    if (!this.#output.interactive || now < this.#nextMs) return
    this.#nextMs = now + REDRAW_MS
    this.#drawn = true
    process.stderr.write(`\r\x1b[K${this.#output.err.dim(text)}`)
  }
}

const percent = (done: number, all: number): string => `${all === 0 ? 100 : Math.floor((100 * done) / all)} %`
