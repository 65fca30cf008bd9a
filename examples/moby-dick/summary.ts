import { readdirSync, statSync } from 'node:fs'
import { basename, dirname, join, relative, sep } from 'node:path'
import Table from 'cli-table3'
import type { FlushResult } from '../../src/index.js'
import type { Metrics, Series } from './metrics.js'
import { bold, cyan, dim, formatNumber, green } from './style.js'
import type { TrainingResult } from './train.js'

export interface Summary {
  readonly metrics: Metrics
  readonly training: TrainingResult
  readonly unigramPerplexity: number
  readonly counts: FlushResult
  readonly runDirectory: string
}

const shown: { name: string; best: 'min' | 'max' | undefined }[] = [
  { name: 'train/loss', best: 'min' },
  { name: 'train/perplexity', best: 'min' },
  { name: 'validation/loss', best: 'min' },
  { name: 'validation/perplexity', best: 'min' },
  { name: 'train/learning_rate', best: undefined },
  { name: 'train/grad_norm', best: undefined },
  { name: 'train/tokens_per_second', best: 'max' },
]

export function printSample(text: string, temperature: number): void {
  console.log(`\n${bold('What it writes')} ${dim(`(temperature ${temperature})`)}\n`)
  for (const line of wrap(text, 96)) console.log(`  ${green(line)}`)
}

export function printSummary(summary: Summary): void {
  console.log(`\n${bold('Metrics')}`)
  console.log(metricsTable(summary.metrics.series))
  console.log(`\n${bold('Result')}`)
  console.log(resultTable(summary))
  console.log(`\n${bold('Files')} in ${cyan(summary.runDirectory)}`)
  const files = listFiles(summary.runDirectory)
  const width = Math.max(...files.map(({ path }) => path.length))
  for (const { path, bytes, files: count } of files) {
    const many = path.endsWith('/') ? `  ${count} file${count === 1 ? '' : 's'}` : ''
    console.log(`  ${path.padEnd(width)} ${dim(`${formatNumber(bytes).padStart(10)} bytes${many}`)}`)
  }
  printNext(summary)
}

function printNext({ runDirectory, counts }: Summary): void {
  const id = basename(runDirectory)
  const dir = dirname(dirname(runDirectory))
  const offstep = `npx offstep --dir ${relative('', dir) || '.'}`
  console.log(`\n${bold('Look at the run')}`)
  console.log(`  ${cyan(`${offstep} plot ${id}`)}  ${dim('in the terminal; PNG files are in plots/')}`)
  console.log(`  ${cyan(`${offstep} report ${id}`)}  ${dim('report.html, with all curves')}`)
  const longer = dim('the same run, from its newest checkpoint')
  console.log(`  ${cyan(`npm start -- --resume ${id} --seconds 120`)}  ${longer}`)
  if ('tensorboard' in counts.sinks) {
    const command = `tensorboard --logdir ${join(runDirectory, 'tensorboard')}`
    console.log(`  ${cyan(command)}  ${dim('once: pip install tensorboard')}`)
  }
  console.log()
}

function metricsTable(series: ReadonlyMap<string, Series>): string {
  const table = new Table({
    head: ['metric', 'first', 'last', 'min', 'max', 'best'],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  })
  for (const { name, best } of shown) {
    const values = series.get(name)
    if (values === undefined) continue
    const bestStep = best === undefined ? '' : `step ${formatNumber(values[`${best}Step`])}`
    table.push([name, ...[values.first, values.last, values.min, values.max].map(formatNumber), bestStep])
  }
  return table.toString()
}

function resultTable({ metrics, training, unigramPerplexity, counts }: Summary): string {
  const validated = metrics.series.get('validation/perplexity')!.last
  const stepMs = (training.stepSeconds / training.steps) * 1000
  const trackerUs = metrics.totalLogMicroseconds / training.steps
  const share = trackerUs / (stepMs * 10)
  const calls = metrics.logMicroseconds.toSorted((a, b) => a - b)
  const median = formatMicroseconds(calls[Math.floor(calls.length / 2)]!)
  const longest = formatMicroseconds(calls.at(-1)!)
  const delivered = Object.entries(counts.sinks).map(([name, sink]) => {
    const pending = sink.pending > 0 ? ` (${formatNumber(sink.pending)} pending)` : ''
    return `${name} ${formatNumber(sink.delivered)}${pending}`
  })
  const rows: Record<string, string>[] = [
    {
      'validation perplexity': `${validated.toFixed(2)} (unigram: ${unigramPerplexity.toFixed(2)})`,
    },
    {
      steps: `${formatNumber(training.steps)} in ${training.elapsedSeconds.toFixed(1)} s, ${stepMs.toFixed(1)} ms each`,
    },
    {
      'tracker cost per step': `${formatMicroseconds(trackerUs)} on average, ${share.toFixed(3)}% of the step`,
    },
    { 'one log call': `median ${median}, longest ${longest}` },
    { 'records accepted': formatNumber(counts.accepted) },
    { 'records journaled': formatNumber(counts.journaled) },
    { 'records delivered': delivered.join(', ') },
    { 'records dropped': formatNumber(counts.dropped.total) },
  ]
  const table = new Table({ style: { head: [], border: [], compact: true } })
  table.push(...rows)
  return table.toString()
}

function formatMicroseconds(microseconds: number): string {
  return microseconds < 1000 ? `${microseconds.toFixed(1)} µs` : `${(microseconds / 1000).toFixed(1)} ms`
}

/** Files of the directory itself; of each directory in it, how many files it holds. */
function listFiles(directory: string): { path: string; bytes: number; files: number }[] {
  const found = new Map<string, { bytes: number; files: number }>()
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = join(entry.parentPath, entry.name)
    const [first, ...rest] = relative(directory, file).split(sep)
    const path = rest.length === 0 ? first! : `${first}/`
    const { bytes, files } = found.get(path) ?? { bytes: 0, files: 0 }
    found.set(path, { bytes: bytes + statSync(file).size, files: files + 1 })
  }
  return [...found].map(([path, sum]) => ({ path, ...sum })).sort((a, b) => a.path.localeCompare(b.path))
}

function wrap(text: string, width: number): string[] {
  return text.split('\n').flatMap((paragraph) => {
    const lines = ['']
    for (const word of paragraph.split(' ')) {
      const line = lines.at(-1)!
      if (line !== '' && line.length + 1 + word.length > width) lines.push(word)
      else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`
    }
    return lines
  })
}
