import { mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { EndStatus, FiredAlert, ResolvedRule } from '../../alerts/types.js'
import { alertOfEnd } from '../../alerts/wording.js'
import { writeFileAtomic } from '../../store/atomic-file.js'
import type { RunOutcome, SinkContext } from '../sink.js'

export interface EndAlert {
  readonly alert: FiredAlert
  readonly rule: number
}

/** The alerts that a run's end sets off: of the first rule that is about its status. None where it has not ended. */
export function endAlerts(
  rules: readonly ResolvedRule[],
  context: Pick<SinkContext, 'runId' | 'runName'>,
  { status, endTime }: RunOutcome,
): EndAlert[] {
  if (status === 'running') return []
  const isAbout = (rule: ResolvedRule): boolean =>
    rule.when === 'finished'
      ? rule.statuses.includes(status)
      : rule.when === 'heartbeat' && status === 'crashed'
  const own = rules.filter((rule) => rule.when === 'finished' && isAbout(rule))
  // A run that has died is told once, whatever rules are about it.
  const chosen = own.length > 0 ? own : rules.filter(isAbout)
  return chosen.flatMap((rule) => {
    if (rule.when !== 'finished' && rule.when !== 'heartbeat') return []
    const index = rules.indexOf(rule)
    const end: { status: EndStatus; endTime: number } = { status, endTime }
    return [{ alert: alertOfEnd(context, rule, index, end), rule: index }]
  })
}

/**
 * Which end of the run a sink has told of, in `alerts/<sink>.json`: a sink is closed again by whoever completes the
 * run for another one, and a cursor is committed with rows only.
 */
export class EndMark {
  readonly #path: string

  constructor(runDir: string, sink: string) {
    this.#path = join(runDir, 'alerts', `${sink}.json`)
  }

  /** Blocks. */
  isTold({ status, endTime }: RunOutcome): boolean {
    const told = this.#told()
    return told?.status === status && told?.endTime === endTime
  }

  /** When the run ended last in its own process, which has told all alerts until then; -Infinity: never. Blocks. */
  get livedUntil(): number {
    const { endTime, live } = this.#told() ?? {}
    return live === true && typeof endTime === 'number' ? endTime : Number.NEGATIVE_INFINITY
  }

  /** `live`: by the process of the run. Blocks. Throws the file system's errors. */
  tell({ status, endTime }: RunOutcome, live: boolean): void {
    mkdirSync(dirname(this.#path), { recursive: true })
    writeFileAtomic(this.#path, `${JSON.stringify({ status, endTime, live })}\n`)
  }

  #told(): { readonly status?: unknown; readonly endTime?: unknown; readonly live?: unknown } | null {
    try {
      return JSON.parse(readFileSync(this.#path, 'utf8'))
    } catch {
      // Not there, or half of it after a power cut: an alert too many is better than one too few.
      return null
    }
  }
}
