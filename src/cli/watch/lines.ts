import type { SystemGroup } from '../../plots/data/system-lines.js'
import { countText, plural, printable } from '../../text/text.js'
import { numberText, secondsText, timeText } from '../../text/values.js'
import type { Output } from '../output.js'
import { sinkState } from '../show/lines.js'
import { type Column, type Row, renderTable } from '../table.js'
import { truncate } from '../text.js'
import { statusCell } from '../values.js'
import type { Snapshot } from './snapshot.js'
import { sparkline } from './sparkline.js'

/** Below this a line says nothing. */
const LEAST_SPARK = 8
const MOST_SPARK = 60
/** Values, the columns between, and a name that is not too long. */
const BESIDE_SPARK = 12 + 20 + 3 * 2
const MAX_NAME = 30
const MAX_SYSTEM = 8
/** Where there is no screen: a line of each of 100,000 metrics helps nobody. */
const MAX_METRICS = 200
const LATE_SECONDS = 30
/** Around the metrics: a blank line, and the one that counts the rest. */
const METRIC_FRAME = 2

/** What a person sees. `height`: lines that the screen has; metrics are left out, and counted, where they are too many. */
export function watchLines(snapshot: Snapshot, output: Output, height = Number.POSITIVE_INFINITY): string[] {
  const head = headLines(snapshot, output)
  const sinks = sinkLines(snapshot, output)
  const left = height - head.length - sinks.length
  // The metrics come first: they have at least half of what is left, and all of it that they need.
  const needed = Math.max(snapshot.metrics.length, 1) + METRIC_FRAME
  const forSystem = Math.max(left - needed, Math.floor(left / 2) - METRIC_FRAME)
  const system = systemLines(snapshot.system, forSystem, output)
  const metrics = metricLines(snapshot, Math.max(1, left - system.length - METRIC_FRAME), output)
  return [...head, ...metrics, ...sinks, ...system].slice(0, height)
}

function headLines({ run, now, rows, step, lastTime, rates }: Snapshot, output: Output): string[] {
  const { out, columns } = output
  const { text, color } = statusCell(run.status, out)
  const silent = run.state.silent ? ', but its machine has given no sign for some time' : ''
  const times = `${secondsText(run.durationSeconds)}, started ${timeText(run.startTime)}`
  const counts = [step === null ? 'no rows yet' : `step ${countText(step)}`, plural(rows, 'row')]
  if (rates !== null && step !== null) {
    const when = rates.recent || run.status !== 'running' ? '' : ' on average'
    counts.push(`${rateText(rates.stepsPerSecond)} steps/s`, `${rateText(rates.rowsPerSecond)} rows/s${when}`)
  }
  const late = lastTime === null ? 0 : (now - lastTime) / 1000
  const isLate = run.status === 'running' && late > LATE_SECONDS
  return [
    out.bold(truncate(printable(`${run.project}/${run.id}`), columns)),
    `${color(text)}${silent} · ${times}`,
    counts.join(' · '),
    ...(isLate ? [out.yellow(`The newest row is ${secondsText(late)} old.`)] : []),
  ]
}

/** 12,300, 45, 3.2, 0.041 */
const rateText = (rate: number): string =>
  rate >= 100 ? countText(rate) : String(Number(rate.toPrecision(2)))

function metricLines({ metrics, points }: Snapshot, room: number, output: Output): string[] {
  if (metrics.length === 0) return []
  const { out, columns } = output
  const most = Math.min(room, MAX_METRICS)
  const shown = metrics.length <= most ? metrics : metrics.slice(0, Math.max(1, most - 1))
  const nameWidth = Math.min(MAX_NAME, Math.max(...shown.map(({ name }) => printable(name).length)))
  const width = Math.max(LEAST_SPARK, Math.min(MOST_SPARK, columns - nameWidth - BESIDE_SPARK))
  const rows = shown.map(
    ({ name, metric: { last, best } }): Row => [
      truncate(printable(name), nameWidth, 'middle'),
      { text: numberText(last.value), color: Number.isFinite(last.value) ? out.bold : out.red },
      { text: sparkline(points(name, width * 4), width), color: out.cyan },
      best === undefined ? '' : { text: `best ${numberText(best.value)}`, color: out.dim },
    ],
  )
  const left = metrics.length - shown.length
  return [
    '',
    ...tableLines([{ title: '' }, { title: '', align: 'right' }, { title: '' }, { title: '' }], rows, output),
    ...(left > 0 ? [out.dim(`and ${plural(left, 'more metric')}: --metric picks some`)] : []),
  ]
}

function sinkLines({ sinks }: Snapshot, output: Output): string[] {
  const rows = sinks.map(
    (sink): Row => [printable(sink.name), plural(sink.delivered, 'row'), sinkState(sink, output)],
  )
  return rows.length === 0
    ? []
    : [
        '',
        ...tableLines(
          [{ title: '' }, { title: '', align: 'right' }, { title: '', minWidth: 20 }],
          rows,
          output,
        ),
      ]
}

/** The last value of each device, and the sequence of the first one. */
function systemLines(groups: readonly SystemGroup[], room: number, output: Output): string[] {
  const width = Math.max(LEAST_SPARK, Math.min(MOST_SPARK, output.columns - 50))
  const rows = groups.slice(0, Math.max(0, Math.min(MAX_SYSTEM, room - 1))).map(({ heading, lines }): Row => {
    const values = lines.map(({ points }) => points.at(-1)?.y ?? Number.NaN)
    const first = lines[0]!.points.map(({ x, y }) => ({ x, value: y ?? Number.NaN }))
    const text = values.map((value) => numberText(Number(value.toPrecision(3)))).join(' ')
    return [heading, text, { text: sparkline(first, width), color: output.out.dim }]
  })
  return rows.length === 0
    ? []
    : ['', ...tableLines([{ title: '' }, { title: '', align: 'right' }, { title: '' }], rows, output)]
}

const tableLines = (columns: readonly Column[], rows: readonly Row[], output: Output): string[] =>
  renderTable(columns, rows, output, { heading: false }).split('\n')
