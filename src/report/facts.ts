import type { StoredRun } from '../store/runs/stored-run.js'
import type { RunSummary } from '../store/runs/types.js'
import { bytesText } from '../text/bytes.js'
import { plural } from '../text/text.js'
import { numberText, secondsText, valueText } from '../text/values.js'
import type { Inline } from './document.js'
import { joined, utcText } from './texts.js'

/** A name, and what is known of one run; null where nothing is. */
export interface Fact {
  readonly name: string
  readonly of: (run: StoredRun) => Inline | null
}

const code = (text: string | null | undefined): Inline | null =>
  text === null || text === undefined || text === '' ? null : { text, style: 'code' }

export const statusText = ({ status, file }: StoredRun): string =>
  file.exitCode === undefined ? status : `${status} (exit code ${file.exitCode})`

const stepsText = ({ rows, steps }: RunSummary): string =>
  joined([steps !== null && `${numberText(steps.first)} to ${numberText(steps.max)}`, plural(rows, 'row')])

/** What a run is and how it went. `summary`: of each run, as far as its journal goes. */
export const runFacts = (summary: (run: StoredRun) => RunSummary): readonly Fact[] => [
  { name: 'Status', of: statusText },
  { name: 'Error', of: ({ file: { error } }) => (error ? `${error.name}: ${error.message}` : null) },
  { name: 'Started', of: ({ startTime }) => utcText(startTime) },
  { name: 'Took', of: (run) => (run.state.live ? null : secondsText(run.durationSeconds)) },
  { name: 'So far', of: (run) => (run.state.live ? secondsText(run.durationSeconds) : null) },
  { name: 'Steps', of: (run) => stepsText(summary(run)) },
  { name: 'Tags', of: ({ tags }) => tags.join(', ') },
  { name: 'Group', of: ({ group }) => group },
  { name: 'Job type', of: ({ file }) => file.jobType },
  { name: 'Page', of: ({ url }) => (url === null ? null : { text: url, href: url }) },
]

/** Where it ran, in a few words. */
export const ENVIRONMENT: readonly Fact[] = [
  { name: 'Machine', of: ({ file }) => file.hardware?.hostname ?? null },
  { name: 'GPUs', of: ({ file }) => counted((file.hardware?.gpus ?? []).map(({ name }) => name)) },
  {
    name: 'CPU',
    of: ({ file: { hardware } }) => hardware && `${hardware.cores} x ${hardware.cpu ?? hardware.arch}`,
  },
  { name: 'Memory', of: ({ file: { hardware } }) => hardware && bytesText(hardware.memoryBytes) },
  {
    name: 'Software',
    of: ({ file: { software } }) =>
      software &&
      joined([`Node ${software.node.replace(/^v/, '')}`, software.offstep && `offstep ${software.offstep}`]),
  },
]

/** All that is needed to make the run again. */
export const REPRODUCIBILITY: readonly Fact[] = [
  { name: 'Run', of: ({ id }) => code(id) },
  { name: 'Git commit', of: ({ git }) => code(git?.commit) },
  { name: 'Git branch', of: ({ git }) => code(git?.branch) },
  {
    name: 'Git state',
    of: ({ git }) =>
      git?.dirty === true
        ? 'with changes that are in no commit: the commit alone does not make this run again'
        : git?.dirty === false
          ? 'clean'
          : null,
  },
  {
    name: 'Git remote',
    of: ({ git }) => (git?.remote ? { text: git.remote, href: git.remote } : null),
  },
  { name: 'Command', of: ({ file }) => code(file.command?.argv.map(shellWord).join(' ')) },
  { name: 'Node options', of: ({ file }) => code(file.command?.execArgv.map(shellWord).join(' ')) },
  { name: 'Directory', of: ({ file }) => code(file.command?.cwd) },
  { name: 'Variables', of: ({ file }) => code(assignments(file.command?.env ?? {})) },
  { name: 'Config SHA-256', of: ({ file }) => code(file.configSha256) },
  {
    name: 'Package',
    of: ({ file }) => joined([file.software?.package?.name, file.software?.package?.version], ' '),
  },
  { name: 'Node', of: ({ file }) => file.software?.node.replace(/^v/, '') ?? null },
  { name: 'V8', of: ({ file }) => file.software?.v8 ?? null },
  { name: 'offstep', of: ({ file }) => file.software?.offstep ?? null },
  { name: 'Dependencies', of: ({ file }) => versions(file.software?.dependencies ?? {}) },
  {
    name: 'System',
    of: ({ file: { hardware } }) =>
      hardware && joined([hardware.os, hardware.platform, hardware.release, hardware.arch], ' '),
  },
  {
    name: 'CPU',
    of: ({ file: { hardware } }) => hardware && joined([`${hardware.cores} cores`, hardware.cpu]),
  },
  {
    name: 'Limits',
    of: ({ file: { hardware } }) =>
      joined([
        hardware?.cpuLimitCores != null && `${valueText(hardware.cpuLimitCores)} cores`,
        hardware?.memoryLimitBytes != null && bytesText(hardware.memoryLimitBytes),
      ]),
  },
  { name: 'Memory', of: ({ file: { hardware } }) => hardware && bytesText(hardware.memoryBytes) },
  {
    name: 'GPUs',
    of: ({ file }) =>
      counted(
        (file.hardware?.gpus ?? []).map(({ name, memoryBytes, driver }) =>
          joined([name, memoryBytes !== null && bytesText(memoryBytes), driver && `driver ${driver}`], ' '),
        ),
      ),
  },
]

const counted = (names: readonly string[]): string =>
  [...new Set(names)].map((name) => `${names.filter((other) => other === name).length} x ${name}`).join(', ')

const versions = (of: { readonly [name: string]: string }): string =>
  Object.entries(of)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')

const assignments = (of: { readonly [name: string]: string }): string =>
  Object.entries(of)
    .map(([name, value]) => `${name}=${shellWord(value)}`)
    .join(' ')

/** As it can be pasted into a shell. */
const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
