import type { MediaRecord } from '../record/media.js'
import type { SinkStateName } from '../ring/sink-slot.js'
import { durationText } from './rules/rule-check.js'
import type { ResolvedRule, ResolvedRuleOf } from './types.js'

export interface StateWatchSetup {
  readonly rules: readonly ResolvedRule[]
  /** Calls by which all threads have logged something. */
  readonly rows: () => number
  /** Null where the system does not tell. */
  readonly freeBytes: () => number | null
  readonly sinks: () => readonly {
    readonly name: string
    readonly state: SinkStateName
    readonly attempts: number
    readonly lastError: string | null
  }[]
  /** Makes a record of the run; false where that cannot be now. */
  readonly record: (record: MediaRecord) => boolean
  /** Milliseconds by a clock that no one sets. */
  readonly now: () => number
}

const LOOK_MS = 1000
const GIB = 2 ** 30

interface Found {
  readonly title: string
  readonly text: string
}

/**
 * Rules about what the run's rows do not tell: that there are none, the disk, the sinks. The daemon looks once a
 * second; where a condition begins it makes an alert a record of the run, and from there on it is as any other.
 */
export class StateWatch {
  readonly #setup: StateWatchSetup
  readonly #active = new Set<number>()
  #rows = -1
  #movedAt = 0
  #timer: NodeJS.Timeout | undefined

  constructor(setup: StateWatchSetup) {
    this.#setup = setup
  }

  start(): void {
    this.look()
    this.#timer = setTimeout(() => this.start(), LOOK_MS).unref()
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  /** One look at everything. */
  look(): void {
    const rows = this.#setup.rows()
    if (rows !== this.#rows) this.#movedAt = this.#setup.now()
    this.#rows = rows
    for (const [index, rule] of this.#setup.rules.entries()) {
      const found = this.#find(rule)
      if (found === null) this.#active.delete(index)
      else if (!this.#active.has(index) && this.#tell(rule, index, found)) this.#active.add(index)
    }
  }

  #find(rule: ResolvedRule): Found | null {
    switch (rule.when) {
      case 'heartbeat':
        return this.#silence(rule)
      case 'disk-low':
        return this.#disk(rule)
      case 'sink-failing':
        return this.#sinks(rule)
      default:
        return null
    }
  }

  #silence({ afterMs }: ResolvedRuleOf<'heartbeat'>): Found | null {
    if (this.#setup.now() - this.#movedAt < afterMs) return null
    return {
      title: `nothing was logged for ${durationText(afterMs)}`,
      text: 'The process lives, but its training may hang.',
    }
  }

  #disk({ freeBytes }: ResolvedRuleOf<'disk-low'>): Found | null {
    const free = this.#setup.freeBytes()
    if (free === null || free >= freeBytes) return null
    const text = `${(free / GIB).toFixed(2)} GiB are free on the disk of the run: free some space.`
    return { title: 'the disk is nearly full', text }
  }

  #sinks({ sink, attempts }: ResolvedRuleOf<'sink-failing'>): Found | null {
    const failing = this.#setup.sinks().filter(({ name, state, attempts: failed }) => {
      return (sink === undefined || name === sink) && (state === 'paused' || failed >= attempts)
    })
    if (failing.length === 0) return null
    const text = failing.map(({ name, lastError }) => `${name}: ${lastError ?? 'no error is known'}`)
    const names = failing.map(({ name }) => name).join(', ')
    const verb = failing.length === 1 ? 'the sink' : 'the sinks'
    return {
      title: `${verb} ${names} cannot deliver`,
      text: `The journal keeps everything. ${text.join('; ')}`,
    }
  }

  #tell(rule: ResolvedRule, index: number, { title, text }: Found): boolean {
    const { level = 'warn', coolDownMs: waitMs } = rule
    const value = { title: rule.title ?? title, text, level, waitMs, rule: { index, id: null } }
    return this.#setup.record({ kind: 'alert', name: 'alert', producer: 0, value })
  }
}
