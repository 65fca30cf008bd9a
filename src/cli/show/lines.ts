import type { HardwareInfo, SoftwareInfo } from '../../store/run-context.js'
import type { StoredRun } from '../../store/runs/stored-run.js'
import type { RunSummary } from '../../store/runs/types.js'
import { bytesText } from '../../text/bytes.js'
import { countText, plural, printable } from '../../text/text.js'
import { numberText, secondsText, timeText, valueText } from '../../text/values.js'
import type { Output } from '../output.js'
import type { Cell, Row } from '../table.js'
import { statusCell } from '../values.js'
import { artifactLines, checkpointLines, resumeLines } from './content.js'
import { filesOf } from './files.js'
import { TWO, table } from './indented.js'
import { lastValues } from './last-values.js'
import { type SinkProgress, sinksOf } from './sinks.js'

const MAX_METRICS = 20

/** All that is known of a run, for people: a paragraph each for what it is, what it was told, where it went. */
export function showLines(run: StoredRun, output: Output): string[] {
  const { out } = output
  const values = lastValues(run)
  const config = Object.entries(run.config).map(([name, value]) => [printable(name), valueText(value)])
  return [
    out.bold(printable(`${run.project}/${run.id}`)),
    ...table(TWO, identity(run, output), output),
    ...section('config', table(TWO, config, output), output),
    ...section('metrics, last values', metricLines(run, values, output), output),
    ...section('checkpoints', checkpointLines(run, output), output),
    ...section('artifacts', artifactLines(run, output), output),
    ...section('resumes', resumeLines(run, output), output),
    ...section('sinks', sinkLines(run, output), output),
    ...section('files', fileLines(run, output), output),
  ]
}

const section = (title: string, lines: readonly string[], { out }: Output): string[] =>
  lines.length === 0 ? [] : ['', out.bold(title), ...lines]

function identity(run: StoredRun, { out }: Output): Row[] {
  const { git, command, software, hardware, jobType, exitCode, error } = run.file
  const row = (name: string, value: string | Cell | null | undefined): Row[] =>
    value === null || value === undefined || value === '' ? [] : [[{ text: name, color: out.dim }, value]]
  const code = exitCode === undefined ? '' : ` (exit code ${exitCode})`
  const status = statusCell(run.status, out)
  return [
    ...row('status', { ...status, text: `${status.text}${code}${whyRunning(run)}` }),
    ...row('error', error && { text: printable(`${error.name}: ${error.message}`), color: out.red }),
    ...row('started', timeText(run.startTime)),
    ...row(run.state.live ? 'so far' : 'took', secondsText(run.durationSeconds)),
    ...row('name', printable(run.name)),
    ...row('tags', printable(run.tags.join(', '))),
    ...row('group', printable(run.group ?? '')),
    ...row('job type', printable(jobType ?? '')),
    ...row('notes', run.notes.split('\n').map(printable).join('\n')),
    ...row('url', printable(run.url ?? '')),
    ...row('git', gitText(git)),
    ...row('command', command && printable(command.argv.join(' '))),
    ...row('machine', hardware && machineText(hardware)),
    ...row('software', software && softwareText(software)),
    ...row('directory', printable(run.dir)),
  ]
}

function whyRunning({ status, state, file }: StoredRun): string {
  if (state.silent) return ', but its machine has given no sign for some time'
  return status === 'crashed' && file.status === 'running'
    ? ': its process is gone (offstep sync completes it)'
    : ''
}

function gitText(git: StoredRun['git']): string {
  if (git === null) return ''
  const parts = [
    git.commit?.slice(0, 12) ?? 'no commit yet',
    git.branch === null ? null : `on ${git.branch}`,
    git.dirty ? 'with changes' : null,
    git.remote,
  ]
  return printable(parts.filter((part) => part !== null).join(', '))
}

function machineText({ hostname, platform, arch, cpu, cores, memoryBytes, gpus }: HardwareInfo): string {
  const names = countNames((gpus ?? []).map(({ name }) => name))
  const parts = [
    hostname,
    `${platform} ${arch}`,
    `${cores} x ${cpu ?? 'CPU'}`,
    bytesText(memoryBytes),
    ...names,
  ]
  return printable(parts.join(', '))
}

const countNames = (names: readonly string[]): string[] =>
  [...new Set(names)].map((name) => `${names.filter((other) => other === name).length} x ${name}`)

const softwareText = ({ node, offstep }: SoftwareInfo): string =>
  printable(`Node ${node.replace(/^v/, '')}${offstep === null ? '' : `, offstep ${offstep}`}`)

function metricLines(run: StoredRun, last: RunSummary, output: Output): string[] {
  const { metrics, values, omittedValues } = last
  const set = Object.entries(values).map(([name, value]) => [printable(name), valueText(value), ''])
  const entries = Object.entries(metrics)
  const rows = entries.slice(0, MAX_METRICS).map(([name, { last }]) => {
    return [
      printable(name),
      numberText(last.value),
      { text: `step ${numberText(last.step)}`, color: output.out.dim },
    ]
  })
  const columns = [{ title: '', minWidth: 16 }, { title: '', align: 'right' as const }, { title: '' }]
  const lines = table(columns, [...rows, ...set], output)
  const left = entries.length - rows.length
  if (left > 0 || omittedValues > 0) {
    const count = omittedValues > 0 ? 'more' : countText(left)
    lines.push(
      output.out.dim(
        `  and ${count} ${left === 1 ? 'metric' : 'metrics'}: offstep summary ${printable(run.id)}`,
      ),
    )
  }
  return lines
}

function sinkLines(run: StoredRun, output: Output): string[] {
  const columns = [{ title: '' }, { title: '', align: 'right' as const }, { title: '', minWidth: 20 }]
  const rows = sinksOf(run).map((sink) => [
    printable(sink.name),
    plural(sink.delivered, 'row'),
    sinkState(sink, output),
  ])
  return table(columns, rows, output)
}

export function sinkState(
  { pendingBytes, deadLettered, notApplicable, superseded, error }: SinkProgress,
  { out }: Output,
): Cell {
  const parts = [
    pendingBytes === 0 ? 'all delivered' : `${bytesText(pendingBytes)} of the journal pending`,
    deadLettered > 0 ? `${plural(deadLettered, 'row')} dead-lettered` : null,
    notApplicable > 0 ? `${plural(notApplicable, 'row')} not applicable` : null,
    superseded ? 'it still has superseded rows' : null,
    pendingBytes > 0 ? error : null,
  ]
  const isWell = pendingBytes === 0 && deadLettered === 0 && !superseded
  return {
    text: printable(parts.filter((part) => part !== null).join(', ')),
    color: isWell ? out.green : out.yellow,
  }
}

function fileLines(run: StoredRun, output: Output): string[] {
  const columns = [{ title: '', minWidth: 16 }, { title: '', align: 'right' as const }, { title: '' }]
  const rows = filesOf(run.dir).map(({ name, bytes, files }) => [
    printable(name),
    bytesText(bytes),
    name.endsWith('/') ? plural(files, 'file') : '',
  ])
  return table(columns, rows, output)
}
