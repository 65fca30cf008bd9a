import { type RunFile, RunFileError, readRunFile } from '../../../store/run-file.js'
import type { SinkContext } from '../../sink.js'
import { describeRun, type ToldByRows } from '../run/run-description.js'
import type { WandbSettings } from '../settings/settings.js'
import type { OfflineMachine, OfflineRun } from './run-records.js'

/** What the log says of a run, from run.json, the settings and the rows of its earlier parts. Blocks. */
export function offlineRun(
  context: SinkContext,
  runId: string,
  settings: WandbSettings,
  told: ToldByRows,
): OfflineRun {
  const description = describeRun(context.runDir, context.runName, settings, told)
  // W&B's client puts each value into an object of its own when it uploads the log.
  const config = Object.entries(description.config).filter(([key]) => key !== '_wandb')
  return {
    runId,
    entity: settings.entity,
    project: settings.project,
    displayName: description.displayName,
    notes: description.notes,
    tags: description.tags ?? [],
    group: description.group,
    jobType: description.jobType,
    startTime: context.startTime,
    config: Object.fromEntries(config.map(([key, { value }]) => [key, value])),
    commit: description.commit,
    repo: description.repo,
    machine: machineOf(context.runDir),
  }
}

/** Null where run.json does not tell, or is missing or damaged, which others report. */
function machineOf(runDir: string): OfflineMachine | null {
  let file: RunFile
  try {
    file = readRunFile(runDir)
  } catch (error) {
    if (error instanceof RunFileError) return null
    throw error
  }
  const { hardware, command } = file
  if (hardware === null || command === null) return null
  const [executable = '', program = '', ...args] = command.argv
  const { hostname: host, os, cores, memoryBytes } = hardware
  return {
    host,
    os,
    cores,
    memoryBytes,
    user: command.user,
    directory: command.cwd,
    executable,
    program,
    args,
  }
}
