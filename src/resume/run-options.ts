import { isAlertSinkName } from '../alerts/sink-names.js'
import type { RunOptions, SinkOption } from '../options/options.js'
import { alertOptions } from '../options/when-given.js'
import type { RunFile } from '../store/run-file.js'
import { goalsOf } from '../store/runs/goals.js'
import type { ResumeOptions } from './types.js'

/** The options that a run goes on with: those that are given now, else those that it had. */
export function optionsOf(
  { run: _run, from: _from, ifMissing: _ifMissing, ...given }: ResumeOptions,
  file: RunFile,
): RunOptions {
  const { project, name, notes, group, jobType, tags } = file
  const before: RunOptions = {
    project,
    name,
    notes,
    tags,
    ...(group === null ? {} : { group }),
    ...(jobType === null ? {} : { jobType }),
    config: file.config,
    sinks: file.sinks.filter(isAsked).map(sinkOption),
    ...alertOptions().alertOptionsOf(file.sinks),
    goals: goalsOf(file),
  }
  const set = Object.entries(given).filter(([, value]) => value !== undefined)
  return { ...before, ...Object.fromEntries(set) }
}

/** False for sinks that are always there, or that other options have made. */
const isAsked = ({ name }: RunFile['sinks'][number]): boolean => name !== 'summary' && !isAlertSinkName(name)

const sinkOption = ({ name, module, export: exported, options }: RunFile['sinks'][number]): SinkOption =>
  module === null
    ? ({ ...options, type: name } as SinkOption)
    : { ...options, module, name, export: exported }
