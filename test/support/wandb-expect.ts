import { expect } from 'vitest'
import type { WandbOracle } from './wandb-oracle.js'
import type { Line } from './wandb-server/extended-json.js'
import type { StoredRun } from './wandb-server/stored-run.js'

/** Fields of a summary that W&B or the sink adds. */
const OWN_FIELDS = ['_step', '_timestamp', '_runtime', '_wandb']
const isOwn = (name: string): boolean => OWN_FIELDS.includes(name) || name.startsWith('offstep/')

/** `undisturbed`: nothing has gone wrong, so that nothing may have come twice. */
export function expectAtServer(
  run: StoredRun,
  oracle: WandbOracle,
  { undisturbed = false }: { readonly undisturbed?: boolean } = {},
): void {
  expect(run.history.map(withoutPaths)).toEqual(oracle.history)
  expect(run.events).toEqual(oracle.events)
  expect(run.console).toEqual(oracle.console)
  expectSummary(run, oracle)
  for (const [name, value] of Object.entries(oracle.config)) expect(run.config?.[name]).toEqual({ value })
  expectMetrics(run, oracle)
  expectFiles(run, oracle)
  expectAlerts(run, oracle, undisturbed)
  expect(run.errors).toEqual([])
  expect([run.complete, run.exitCode]).toEqual([true, 0])
}

/** How files are named at W&B is the sink's own affair; that they are there, with these bytes, the server has checked. */
function withoutPaths(line: Line): Line {
  return Object.fromEntries(
    Object.entries(line).map(([name, value]) => {
      if (typeof value !== 'object' || value === null || !('path' in value)) return [name, value]
      const { path: _path, ...rest } = value
      return [name, rest]
    }),
  )
}

function expectSummary(run: StoredRun, oracle: WandbOracle): void {
  const { summary = {} } = run
  const values = Object.entries(withoutPaths(summary)).filter(([name]) => !isOwn(name))
  expect(Object.fromEntries(values)).toEqual(oracle.summary)
  const last = oracle.history.at(-1)
  if (last === undefined) return
  for (const name of ['_step', '_timestamp', '_runtime']) expect(summary[name]).toBe(last[name])
  expect(summary['offstep/late_rows'] ?? 0).toBe(oracle.lateRows)
  expect(summary['offstep/rejected_lines'] ?? 0).toBe(oracle.refused.length + oracle.refusedOthers)
}

function expectMetrics(run: StoredRun, { definitions, history }: WandbOracle): void {
  for (const [name, { stepMetric, hidden = false }] of definitions) {
    const known = name.endsWith('*') ? undefined : run.metrics.find((metric) => metric.name === name)
    if (!name.endsWith('*')) expect(known).toMatchObject({ stepMetric, name })
    if (known !== undefined) expect(known.options.includes(2)).toBe(hidden)
  }
  const isBelow = (name: string) => name.startsWith('val/')
  if (!definitions.has('val/*') || definitions.has('val/acc')) return
  if (!history.some((line) => Object.keys(line).some(isBelow))) return
  expect(run.metrics).toContainEqual(expect.objectContaining({ name: 'val/acc', stepMetric: 'epoch' }))
}

function expectFiles(run: StoredRun, { files }: WandbOracle): void {
  for (const [name, bytes] of files) expect([name, run.files.get(name)]).toEqual([name, bytes])
  expect(run.uploads.unnamed).toEqual([])
}

/** W&B has no way to know an alert again: one whose answer was lost may have come twice. */
function expectAlerts({ alerts }: StoredRun, oracle: WandbOracle, undisturbed: boolean): void {
  const texts = alerts.map(({ text }) => text)
  const due = oracle.alerts.map(({ text }) => text)
  if (undisturbed) expect(texts).toEqual(due)
  else expect([...new Set(texts)]).toEqual(due)
  for (const { title, text, level, waitMs } of oracle.alerts) {
    const severity = level.toUpperCase()
    expect(alerts).toContainEqual({ title, text, severity, waitDuration: waitMs })
  }
}
