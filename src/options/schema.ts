import * as v from 'valibot'
import type { OnAlert } from '../alerts/types.js'
import { checkpoints } from './checkpoints.js'
import { copyValue } from './copy-value.js'
import { GIB, KIB, MIB, PRESET_NAMES } from './defaults.js'
import type { JsonSchema } from './json-schema.js'
import { workerFileUrl } from './module-url.js'
import { directoryNameProblem, NAME_FIX, nameProblem, pathProblem } from './names.js'
import type { ResolvedSink } from './options.js'
import { forEditors, group, isRecord, oneOf, parsed, powerOfTwo, text, whole } from './schema-parts.js'
import { BUILT_IN, parseSink } from './sinks.js'
import { systemMonitor } from './system-monitor.js'
import { alertOptions, sinkOptions } from './when-given.js'

const MAX_TAGS = 256

const sinkShape = (): JsonSchema => ({
  anyOf: [
    { enum: BUILT_IN },
    ...sinkOptions().sinkShapes(),
    {
      type: 'object',
      required: ['module', 'name'],
      properties: { module: { type: 'string' }, name: { type: 'string' }, export: { type: 'string' } },
    },
  ],
})

const rule = parsed((value, report) => alertOptions().parseRule(value, report))
const target = parsed((value, report) => alertOptions().parseTarget(value, report))

const sinks = v.pipe(
  v.array(v.pipe(parsed(parseSink), forEditors(sinkShape)), 'give an array, such as ["jsonl", "csv"]'),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    const names = new Set<string>()
    for (const [key, sink] of dataset.value.entries()) {
      const { name } = sink as ResolvedSink
      if (names.has(name)) {
        const message = 'remove it, or give it another name: two sinks would share a cursor'
        const input = dataset.value
        addIssue({
          message,
          input: name,
          path: [{ type: 'array', origin: 'value', input, key, value: name }],
        })
      }
      names.add(name)
    }
  }),
)

const config = parsed((value, report) => {
  // A Map is copied as a Map, a URL as a string: neither is an object of parameters.
  const copy = isRecord(value) ? copyValue(value, report) : value
  if (Object.prototype.toString.call(copy) === '[object Object]') return copy as Record<string, unknown>
  report([], value, 'give an object of hyper-parameters (the path of a file works in an options file only)')
  return {}
})

const workerUrl = v.pipe(
  v.custom<string | URL>(
    (value) => (typeof value === 'string' || value instanceof URL) && workerFileUrl(value) !== null,
    'give a file: or data: URL, or the path of the daemon entry file',
  ),
  v.transform((value) => workerFileUrl(value)),
  forEditors({ type: 'string' }),
)

const TAG_FIX = 'give a string of 1 to 256 characters'
const tag = v.pipe(
  v.string(TAG_FIX),
  v.check((value) => value.trim() !== '' && value.length <= 256 && !/\p{Cc}/u.test(value), TAG_FIX),
)

export const optionsSchema = group({
  preset: v.optional(oneOf(PRESET_NAMES)),
  project: text(NAME_FIX, directoryNameProblem),
  name: text(NAME_FIX, nameProblem),
  dir: text('give the path of a directory', pathProblem),
  mode: v.optional(oneOf(['online', 'offline', 'disabled'])),
  config: v.optional(v.pipe(config, forEditors({ type: ['object', 'string'] }))),
  tags: v.optional(
    v.pipe(
      v.array(tag, 'give an array of strings, such as ["baseline"]'),
      v.maxLength(MAX_TAGS, `give at most ${MAX_TAGS} tags`),
    ),
  ),
  notes: v.optional(v.string('give a string')),
  group: text(NAME_FIX, nameProblem),
  jobType: text(NAME_FIX, nameProblem),
  id: text(NAME_FIX, directoryNameProblem),
  sinks: v.optional(sinks),
  alerts: v.optional(
    v.array(
      v.pipe(
        rule,
        forEditors(() => alertOptions().RULE),
      ),
      'give an array of rules, such as [{ when: "nan" }]',
    ),
  ),
  alertTargets: v.optional(
    v.array(
      v.pipe(
        target,
        forEditors(() => alertOptions().TARGET),
      ),
      'give an array, such as ["terminal", "slack"]',
    ),
  ),
  onAlert: v.optional(
    v.pipe(
      v.custom<OnAlert>((value) => typeof value === 'function', 'give a function'),
      // No file can hold one.
      forEditors({ not: {} }),
    ),
  ),
  goals: v.optional(
    v.pipe(
      v.custom<Record<string, unknown>>(
        isRecord,
        'give an object of metric names, each with "minimize" or "maximize"',
      ),
      v.record(v.string(), oneOf(['minimize', 'maximize'])),
    ),
  ),
  checkpoints: v.optional(checkpoints),
  ring: v.optional(
    group({
      capacityBytes: powerOfTwo(64 * KIB, GIB),
      whenFull: v.optional(oneOf(['drop', 'grow', 'block'])),
      maxCapacityBytes: powerOfTwo(64 * KIB, GIB),
      maxBlockMs: whole('milliseconds', 1, 60_000),
    }),
  ),
  journal: v.optional(
    group({ segmentBytes: whole('bytes', MIB, GIB), syncIntervalMs: whole('milliseconds', 1, 3_600_000) }),
  ),
  disk: v.optional(group({ minFreeBytes: whole('bytes', 0, 1024 * 1024 * GIB) })),
  limits: v.optional(
    group({ maxMetrics: whole('names', 1, 10_000_000), maxNameBytes: whole('bytes', 1, 16_384) }),
  ),
  captureConsole: v.optional(v.boolean('give true or false')),
  monitor: v.optional(
    group({
      system: systemMonitor,
    }),
  ),
  plots: v.optional(v.boolean('give true or false')),
  plotEvery: whole('milliseconds', 0, 86_400_000),
  recover: v.optional(v.boolean('give true or false')),
  exitTimeoutMs: whole('milliseconds', 0, 600_000),
  handleSignals: v.optional(v.boolean('give true or false')),
  git: v.optional(v.boolean('give true or false')),
  workerUrl: v.optional(workerUrl),
})
