import type { MediaRecord } from '../../src/record/media.js'
import type { Alert, MetricDefinition } from '../../src/record/updates.js'
import { START_TIME } from '../unit/support/batches.js'
import type { Call } from './wandb-calls.js'
import { LineOracle, type OracleLine } from './wandb-oracle-lines.js'
import { parseLine } from './wandb-server/extended-json.js'

type Json = { readonly [name: string]: unknown }
type RecordCall = Extract<Call, { kind: 'record' }>

/** What W&B must hold of calls when all is delivered: worked out from the calls alone, without the sink's code. */
export class WandbOracle {
  readonly #lines = new LineOracle()
  readonly events: Json[] = []
  readonly console: string[] = []
  /** Alerts that are due, in order. */
  readonly alerts: Alert[] = []
  readonly config: Record<string, unknown> = {}
  /** Content of saved files, by name. */
  readonly files = new Map<string, Buffer>()
  /** Lines of the console and of samples that the server refuses. */
  refusedOthers = 0
  readonly #set = new Map<string, { readonly value: unknown; readonly time: number }>()
  readonly #alertedAt = new Map<string, number>()
  readonly #refused: ReadonlySet<number>

  /** `refused`: see `isRefused()`. */
  constructor(calls: readonly Call[], refused: ReadonlySet<number>) {
    this.#refused = refused
    for (const call of calls) {
      if (call.kind === 'row') this.#lines.add(call.step, call.time, new Map(Object.entries(call.values)))
      else this.#record(call)
      this.#lines.closeOld(call.time)
    }
    this.#lines.end()
  }

  get lateRows(): number {
    return this.#lines.late
  }

  /** The lines that the server takes. */
  get taken(): OracleLine[] {
    return this.#lines.closed.filter((line) => !this.#isRefused(line))
  }

  /** The lines that it does not. */
  get refused(): OracleLine[] {
    return this.#lines.closed.filter((line) => this.#isRefused(line))
  }

  get definitions(): ReadonlyMap<string, MetricDefinition> {
    return this.#lines.definitions
  }

  get history(): Json[] {
    return this.taken.map(({ step, original, time, values }) => ({
      ...Object.fromEntries(values),
      _step: step,
      _timestamp: time / 1000,
      _runtime: (time - START_TIME) / 1000,
      ...(original === null ? {} : { 'offstep/step': original }),
    }))
  }

  /** But for W&B's own fields, and what the sink counts. */
  get summary(): Json {
    const values = new Map<string, unknown[]>()
    const times = new Map<string, number>()
    for (const line of this.taken) {
      for (const [name, value] of line.values) {
        values.set(name, [...(values.get(name) ?? []), value])
        const time = line.times.get(name) ?? line.time
        times.set(name, Math.max(times.get(name) ?? Number.NEGATIVE_INFINITY, time))
      }
    }
    const summary: Record<string, unknown> = {}
    for (const [name, all] of values) summary[name] = summaryOf(all, this.#lines.definitionOf(name))
    for (const [name, { value, time }] of this.#set) {
      if ((times.get(name) ?? Number.NEGATIVE_INFINITY) <= time) summary[name] = value
    }
    return Object.fromEntries(Object.entries(summary).filter(([, value]) => value !== undefined))
  }

  #isRefused({ values }: OracleLine): boolean {
    return this.#refused.has(values.get('value') as number)
  }

  #record({ step, time, record, bytes }: RecordCall): void {
    switch (record.kind) {
      case 'console':
        for (const line of record.value!.lines) {
          const at = new Date(line.time).toISOString().replace('Z', '000')
          const text = `${record.value!.stream === 'stderr' ? 'ERROR ' : ''}${at} ${line.text}`
          if (isRefused(text, this.#refused)) this.refusedOthers++
          else this.console.push(text)
        }
        return
      case 'system': {
        const values = Object.entries(record.value!.values).map(([name, value]) => [`system.${name}`, value])
        const at = { _timestamp: time / 1000, _runtime: (time - START_TIME) / 1000 }
        const event = { _wandb: true, ...at, ...Object.fromEntries(values) }
        if (this.#refused.has(record.value!.values.cpu!)) this.refusedOthers++
        else this.events.push(event)
        return
      }
      case 'config':
        Object.assign(this.config, record.value!.values)
        return
      case 'summary':
        for (const [name, value] of Object.entries(record.value!.values)) {
          this.#set.set(name, { value: value === 'NaN' ? Number.NaN : value, time })
        }
        for (const name of record.value!.removed) this.#set.set(name, { value: undefined, time })
        return
      case 'metric':
        this.#define(record.name, record.value!)
        return
      case 'alert':
        this.#alert(record.value!, time)
        return
      case 'file':
        this.files.set(record.name, bytes!)
        return
      default:
        this.#lines.add(step, time, new Map([[record.name, mediaValue(record)]]))
    }
  }

  #define(name: string, given: MetricDefinition): void {
    this.#lines.definitions.set(name, { ...this.#lines.definitions.get(name), ...given })
  }

  #alert(alert: Alert, time: number): void {
    if (time < (this.#alertedAt.get(alert.title) ?? Number.NEGATIVE_INFINITY) + alert.waitMs) return
    this.#alertedAt.set(alert.title, time)
    this.alerts.push(alert)
  }
}

/**
 * True for the lines that a server refuses: of history where the `value` is one of these numbers, of samples where `cpu`
 * is, of the console the first line of the call with such a number.
 */
export function isRefused(line: string, refused: ReadonlySet<number>): boolean {
  if (refused.size === 0) return false
  if (!line.startsWith('{')) return refused.has(Number(/ printed (\d+)\.0 /.exec(line)?.[1]))
  const { value, 'system.cpu': cpu } = parseLine(line)
  return refused.has(value as number) || refused.has(cpu as number)
}

/** What a line has of a media record; of a file, what can be told without its name at W&B. */
function mediaValue(record: MediaRecord): unknown {
  if (record.kind === 'text') return record.value!.text
  if (record.kind === 'histogram') {
    return { _type: 'histogram', values: record.value!.counts, bins: record.value!.edges }
  }
  if (record.kind !== 'image') throw new Error(`no ${record.kind} here`)
  const { format, width, height } = record.value
  return { _type: 'image-file', sha256: record.file.sha256, size: record.file.bytes, format, width, height }
}

function summaryOf(all: readonly unknown[], definition: MetricDefinition | undefined): unknown {
  const numbers = all as number[]
  const { summary = [], goal } = definition ?? {}
  if (summary.includes('none')) return undefined
  const parts: Json = {
    min: Math.min(...numbers),
    max: Math.max(...numbers),
    mean: numbers.reduce((sum, value) => sum + value, 0) / numbers.length,
    best: goal === 'maximize' ? Math.max(...numbers) : Math.min(...numbers),
    last: all.at(-1),
    first: all[0],
  }
  const asked = summary.filter((part) => part !== 'copy')
  if (asked.length === 0) return all.at(-1)
  return Object.fromEntries(asked.map((part) => [part, parts[part]]))
}
