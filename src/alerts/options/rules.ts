import * as v from 'valibot'
import type { Report } from '../../options/copy-value.js'
import type { PathSegment } from '../../options/describe.js'
import type { JsonSchema } from '../../options/json-schema.js'
import { group, isRecord, oneOf, whole } from '../../options/schema-parts.js'
import { didYouMean } from '../../options/suggest.js'
import { ALERT_LEVELS } from '../../record/updates.js'
import { END_STATUSES, type ResolvedRule } from '../types.js'

const MAX_MS = 7 * 24 * 3_600_000
const MAX_STEPS = 1e15
const DEFAULT_COOL_DOWN_MS = 600_000
const GIB = 2 ** 30

const METRIC_FIX = 'give the name of a metric, such as "val_loss"'
const metric = v.pipe(
  v.string(METRIC_FIX),
  v.check((name) => name !== '', METRIC_FIX),
)
const finite = (fix: string, accepts: (n: number) => boolean = () => true) =>
  v.pipe(
    v.number(fix),
    v.check((n) => Number.isFinite(n) && accepts(n), fix),
  )
const title = v.pipe(
  v.string('give a string'),
  v.check((text) => text.trim() !== '' && text.length <= 256, 'give 1 to 256 characters'),
)
const goal = v.optional(oneOf(['minimize', 'maximize']))
const names = (fix: string) => v.pipe(v.array(v.string(fix), fix), v.minLength(1, fix))

const COMMON = {
  when: v.string(),
  title: v.optional(title),
  level: v.optional(oneOf(ALERT_LEVELS)),
  coolDownMs: whole('milliseconds', 0, MAX_MS),
  targets: v.optional(names('give names of alertTargets, such as ["slack"]')),
  stop: v.optional(v.boolean('give true or false')),
}

const METRIC_OR_MORE = 'give the name of a metric, or an array of names'
const SCHEMAS = {
  nan: group({
    ...COMMON,
    metric: v.optional(v.union([metric, names(METRIC_OR_MORE)], METRIC_OR_MORE)),
  }),
  threshold: group({
    ...COMMON,
    metric,
    above: v.optional(finite('give a finite number')),
    below: v.optional(finite('give a finite number')),
    forSteps: whole('steps', 1, MAX_STEPS),
  }),
  plateau: group({
    ...COMMON,
    metric,
    steps: finite('give a number of steps above 0', (n) => n > 0),
    minDelta: v.optional(finite('give a number, 0 or more', (n) => n >= 0)),
    goal,
  }),
  overfitting: group({
    ...COMMON,
    train: v.optional(metric),
    validation: v.optional(metric),
    gap: v.optional(finite('give a part of the training value, such as 0.2', (n) => n >= 0)),
    forSteps: whole('steps', 1, MAX_STEPS),
    goal,
  }),
  slow: group({
    ...COMMON,
    factor: v.optional(finite('give a number above 1', (n) => n > 1)),
    steps: whole('steps', 1, MAX_STEPS),
  }),
  'gpu-idle': group({
    ...COMMON,
    below: v.optional(finite('give a percentage from 0 to 100', (n) => n >= 0 && n <= 100)),
    forMs: whole('milliseconds', 0, MAX_MS),
    gpu: whole('an index', 0, 1023),
  }),
  heartbeat: group({ ...COMMON, afterMs: whole('milliseconds', 1000, MAX_MS) }),
  'disk-low': group({ ...COMMON, freeBytes: whole('bytes', 1, 2 ** 50) }),
  'sink-failing': group({
    ...COMMON,
    sink: v.optional(v.string('give the name of a sink')),
    attempts: whole('attempts', 1, 1_000_000),
  }),
  finished: group({
    ...COMMON,
    statuses: v.optional(
      v.pipe(v.array(oneOf(END_STATUSES), 'give an array of statuses'), v.minLength(1, 'give a status')),
    ),
  }),
}

type When = keyof typeof SCHEMAS

/** Without them, valibot has a message of its own for a name that is not there. */
const REQUIRED: { readonly [Kind in When]?: object } = {
  threshold: { metric: undefined },
  plateau: { metric: undefined, steps: undefined },
}

const WHENS = Object.keys(SCHEMAS) as When[]
const WHEN_FIX = `give ${WHENS.map((when) => `"${when}"`).join(', ')}`

const DEFAULTS: { readonly [Kind in When]: object } = {
  nan: { level: 'error' },
  threshold: { forSteps: 1 },
  plateau: { minDelta: 0 },
  overfitting: { train: 'loss', validation: 'val_loss', gap: 0.2, forSteps: 3 },
  slow: { factor: 2, steps: 50 },
  'gpu-idle': { below: 5, forMs: 300_000 },
  heartbeat: { level: 'error', afterMs: 600_000 },
  'disk-low': { freeBytes: GIB },
  'sink-failing': { attempts: 3 },
  finished: { level: undefined, statuses: END_STATUSES },
}

/** For the JSON Schema of the options. */
export const RULE: JsonSchema = {
  type: 'object',
  required: ['when'],
  properties: { when: { enum: WHENS } },
}

/** A rule whose goal is still to be found: `alertSinks()` does. */
export type ParsedRule = ResolvedRule

/** One entry of `alerts`, checked, with its defaults; null after a report. */
export function parseRule(given: unknown, report: Report): ParsedRule | null {
  if (!isRecord(given)) {
    report([], given, 'give an object, such as { when: "nan" }')
    return null
  }
  const { when } = given
  if (!WHENS.includes(when as When)) {
    report(['when'], when, WHEN_FIX + didYouMean(when, WHENS))
    return null
  }
  const kind = when as When
  const result = v.safeParse(SCHEMAS[kind], { ...REQUIRED[kind], ...given })
  for (const { path, input, message } of result.issues ?? []) {
    const segments = (path ?? []).map(({ key }) => key as PathSegment)
    report(segments, input, message)
  }
  if (!result.success) return null
  if (kind === 'threshold' && given.above === undefined && given.below === undefined) {
    report([], given, 'give above, below or both')
    return null
  }
  return withDefaults(kind, result.output)
}

function withDefaults(kind: When, checked: Record<string, unknown>): ParsedRule {
  const { metric: named, ...rest } = checked
  const metric = kind === 'nan' && named !== undefined ? [named].flat() : named
  const common = { level: 'warn', coolDownMs: DEFAULT_COOL_DOWN_MS, stop: false }
  const all = { ...common, ...DEFAULTS[kind], ...defined({ ...rest, metric }) }
  return defined(all) as unknown as ParsedRule
}

const defined = (values: object): object =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
