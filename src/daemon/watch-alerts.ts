import { AlertDesk } from '../alerts/desk.js'
import { ALERTS } from '../alerts/sink-names.js'
import { StateWatch } from '../alerts/state-watch.js'
import type { ResolvedRule } from '../alerts/types.js'
import type { ResolvedOptions } from '../options/options.js'
import { MEDIA_PRODUCER, type MediaRecord } from '../record/media.js'
import { countersOf } from '../ring/account.js'
import type { Control } from '../ring/control.js'
import { F64 } from '../ring/layout.js'
import { diskSpace } from '../store/disk-space.js'
import { writeToTerminal } from '../store/terminal.js'
import type { MediaDesk } from './media-desk.js'
import type { NamedRing } from './messages.js'
import type { Reporter } from './reporter.js'

export interface WatchAlertsSetup {
  readonly options: ResolvedOptions
  readonly runDir: string
  readonly control: Control
  /** They grow while the run lives. */
  readonly rings: readonly NamedRing[]
  readonly media: MediaDesk
  readonly reporter: Reporter
}

/** The daemon's part in the alerts of its run. */
export interface AlertWatch {
  /** The run makes no records of its own any more. */
  stop(): void
  /** Every sink has told what it had to tell. */
  end(): void
}

/** Null where no option is about alerts. */
export function watchAlerts(setup: WatchAlertsSetup): AlertWatch | null {
  const { options, runDir, rings, media, reporter } = setup
  const sink = options.sinks.find(({ name }) => name === ALERTS)
  if (sink === undefined) return null
  const main = countersOf(rings[0]!.ring)
  const desk = new AlertDesk({
    channel: sink.options.channel as string,
    warn: (kind, message) => reporter.warn(kind, message),
    print: writeToTerminal,
    record: (record, step, time) => media.add(record, step, time),
  })
  const watch = new StateWatch({
    rules: sink.options.rules as readonly ResolvedRule[],
    rows: () => rowsIn(rings),
    freeBytes: () => diskSpace(runDir)?.freeBytes ?? null,
    sinks: () => sinkStates(setup),
    record: (record: MediaRecord) => media.add(record, Math.max(0, main[F64.LAST_STEP]!), Date.now()),
    now: () => performance.now(),
  })
  watch.start()
  return { stop: () => watch.stop(), end: () => desk.end() }
}

function rowsIn(rings: readonly NamedRing[]): number {
  const threads = rings.filter(({ id }) => id !== MEDIA_PRODUCER)
  return threads.reduce((rows, { ring }) => {
    const counters = countersOf(ring)
    return rows + counters[F64.PUBLISHED]! + counters[F64.MEDIA_POSTED]!
  }, 0)
}

function sinkStates({ options, control }: WatchAlertsSetup) {
  return options.sinks.map(({ name }, index) => {
    const { state, attempts, lastError } = control.sink(index)
    return { name, state, attempts, lastError }
  })
}
