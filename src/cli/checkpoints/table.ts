import {
  type CheckedCheckpoint,
  checkpointMarks,
  checkpointMetrics,
  type RunCheckpoints,
} from '../../store/runs/run-checkpoints.js'
import { bytesText } from '../../text/bytes.js'
import { countText, printable } from '../../text/text.js'
import { ageText, numberText } from '../../text/values.js'
import { renderFitting, type SpareColumn } from '../fit.js'
import type { Output } from '../output.js'
import type { Cell, Row } from '../table.js'

/** More columns than anybody reads. */
const MAX_METRICS = 12

/** A line for each, by step. Columns of metrics are left out where the screen is narrow: the last ones first. */
export function checkpointTable(found: RunCheckpoints, output: Output): string {
  const { checkpoints } = found
  const now = Date.now()
  const epochs = checkpoints.some(({ epoch }) => epoch !== null)
  const columns: SpareColumn[] = [
    { title: 'step', align: 'right' },
    { title: '' },
    { title: 'age', align: 'right' },
    { title: 'size', align: 'right' },
    ...(epochs ? [{ title: 'epoch', align: 'right', spare: 1 } as const] : []),
  ]
  const metrics = checkpointMetrics(found, MAX_METRICS)
  for (const [index, metric] of metrics.entries())
    columns.push({ title: printable(metric), align: 'right', spare: index * 2 })
  const rows = checkpoints.map((checkpoint): Row => {
    const { step, time, bytes, epoch } = checkpoint
    const values = metrics.map((metric) => valueCell(checkpoint, metric, found, output))
    const own = [countText(step), markCell(checkpoint, found, output), ageText(time, now), bytesText(bytes)]
    return [...own, ...(epochs ? [epoch === null ? '' : numberText(epoch)] : []), ...values]
  })
  return renderFitting(columns, rows, output)
}

function markCell(checkpoint: CheckedCheckpoint, found: RunCheckpoints, { out }: Output): Cell {
  const color = checkpoint.problems.length > 0 ? out.red : out.green
  return { text: checkpointMarks(checkpoint, found), color }
}

function valueCell(
  { step, metrics }: CheckedCheckpoint,
  metric: string,
  { best, bestBy }: RunCheckpoints,
  { out }: Output,
): string | Cell {
  if (!Object.hasOwn(metrics, metric)) return ''
  const text = numberText(metrics[metric]!)
  return step === best?.step && metric === bestBy?.metric ? { text, color: out.bold } : text
}
