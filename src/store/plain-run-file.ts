import { RUN_FILE_FORMAT, type RunFile } from './run-file.js'

/** The run.json of a run of which nothing else is known: one thread, no sinks, no config. */
export function plainRunFile(
  known: Pick<RunFile, 'id' | 'project' | 'status' | 'startTime'> & Partial<RunFile>,
): RunFile {
  return {
    format: RUN_FILE_FORMAT,
    name: known.id,
    endTime: null,
    durationSeconds: null,
    config: {},
    configSha256: null,
    tags: [],
    notes: '',
    group: null,
    jobType: null,
    git: null,
    command: null,
    software: null,
    hardware: null,
    producers: [{ id: 0, name: 'main' }],
    sinks: [],
    ...known,
  }
}
