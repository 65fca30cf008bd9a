import type { Alert, AlertLevel } from '../record/updates.js'
import type { Fired } from './evaluator.js'
import type { EndStatus, FiredAlert, ResolvedRule, ResolvedRuleOf } from './types.js'

const END_LEVELS: { readonly [Status in EndStatus]: AlertLevel } = {
  completed: 'info',
  failed: 'error',
  killed: 'warn',
  crashed: 'error',
}

/** On one line: a title is a mail's subject, and a line on the terminal. */
const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim()

/** The alert of a rule that looks at rows. `runId` makes its id one of a kind. */
export function alertOfRow(runId: string, rule: ResolvedRule, fired: Fired): FiredAlert {
  const { finding, at, count, held } = fired
  const times = held === 1 ? 'once' : `${held} times`
  const meanwhile = held > 0 ? ` It began ${times} more since the alert before.` : ''
  return {
    id: `${runId}/${fired.rule}/${count}`,
    rule: rule.when,
    title: oneLine(rule.title ?? finding.title),
    text: `${finding.text}${meanwhile}`,
    level: rule.level ?? 'warn',
    metric: finding.metric ?? null,
    value: finding.value ?? null,
    step: at.step,
    time: at.time,
  }
}

/** The alert of a record: a call of `run.alert()`, or a state that the daemon has seen. */
export function alertOfRecord(
  runId: string,
  { title, text, level }: Alert,
  { sequence, step, time }: { readonly sequence: number; readonly step: number; readonly time: number },
  rule: FiredAlert['rule'],
): FiredAlert {
  const about = { id: `${runId}/record/${sequence}`, rule, title: oneLine(title), text, level }
  return { ...about, metric: null, value: null, step, time }
}

/** The alert of a run that has ended. */
export function alertOfEnd(
  { runId, runName }: { readonly runId: string; readonly runName: string },
  rule: ResolvedRuleOf<'finished'> | ResolvedRuleOf<'heartbeat'>,
  index: number,
  { status, endTime }: { readonly status: EndStatus; readonly endTime: number },
): FiredAlert {
  const ended = status === 'crashed' ? 'has crashed' : status === 'killed' ? 'was killed' : `has ${status}`
  const last = new Date(endTime).toISOString()
  const text = status === 'crashed' ? `Its last sign of life was at ${last}.` : `It ended at ${last}.`
  return {
    id: `${runId}/${index}/${status}`,
    rule: rule.when,
    title: oneLine(rule.title ?? `${runName}: the run ${ended}`),
    text,
    level: rule.level ?? END_LEVELS[status],
    metric: null,
    value: null,
    step: null,
    time: endTime,
  }
}
