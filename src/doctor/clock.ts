import { type Check, ok, warning } from './check.js'
import type { Reached } from './reach.js'

const SKEW_MS = 5000
const JUMP_MS = 250

/** The wall clock against the monotonic one, from `start()` to `check()`. */
export class ClockWatch {
  readonly #wall: () => number
  readonly #monotonic: () => number
  readonly #offset: number

  constructor(wall: () => number = Date.now, monotonic: () => number = () => performance.now()) {
    this.#wall = wall
    this.#monotonic = monotonic
    this.#offset = wall() - monotonic()
  }

  /** `servers`: what reachable destinations said of the time. */
  check(servers: readonly Reached[]): Check {
    const jump = this.#wall() - this.#monotonic() - this.#offset
    const skews = servers.flatMap(({ host, skewMs }) => (skewMs === null ? [] : [{ host, skewMs }]))
    const worst = skews.sort((a, b) => Math.abs(b.skewMs) - Math.abs(a.skewMs))[0]
    const fix = 'let the machine keep time by NTP: the times of records come from its clock'
    if (Math.abs(jump) > JUMP_MS) {
      return warning('clock', `it jumped by ${seconds(jump)} while this command ran`, fix)
    }
    if (worst !== undefined && Math.abs(worst.skewMs) > SKEW_MS) {
      const side = worst.skewMs > 0 ? 'ahead of' : 'behind'
      return warning('clock', `${seconds(Math.abs(worst.skewMs))} ${side} that of ${worst.host}`, fix)
    }
    const agrees = worst === undefined ? '' : `, and agrees with ${worst.host}`
    return ok('clock', `runs evenly${agrees}`)
  }
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
