/** What a run has beside its curves: checkpoints, and the processes that have gone on with it. */
import { previousEnd, wentOnFrom } from '../store/runs/resumes.js'
import {
  type CheckedCheckpoint,
  checkpointMarks,
  checkpointMetrics,
  type RunCheckpoints,
  readCheckpoints,
} from '../store/runs/run-checkpoints.js'
import type { StoredRun } from '../store/runs/stored-run.js'
import { bytesText } from '../text/bytes.js'
import { plural } from '../text/text.js'
import { numberText } from '../text/values.js'
import type { Inline, Section } from './document.js'
import { section } from './sections.js'
import { joined, utcText } from './texts.js'

/** More than anybody reads on a page: the newest ones. */
const MAX_CHECKPOINTS = 50
const MAX_METRICS = 6

/** Blocks: their sizes are compared, not every byte. */
export function checkpointSection(run: StoredRun): Section[] {
  const found = readCheckpoints(run, 'size')
  const { checkpoints, superseded, unreadable, bytes } = found
  const shown = checkpoints.slice(-MAX_CHECKPOINTS)
  const metrics = checkpointMetrics(found, MAX_METRICS)
  const columns = [
    { title: 'Step', align: 'right' as const },
    { title: '' },
    { title: 'Saved' },
    { title: 'Size', align: 'right' as const },
    ...metrics.map((title) => ({ title, align: 'right' as const })),
  ]
  const rows = shown.map((checkpoint): Inline[] => {
    const { step, time, bytes } = checkpoint
    const head = [numberText(step), checkpointMarks(checkpoint, found), utcText(time), bytesText(bytes)]
    return [...head, ...metrics.map((metric) => valueText(checkpoint, metric, found))]
  })
  const left = checkpoints.length - shown.length
  const text = joined([
    checkpoints.length > 0 && `${plural(checkpoints.length, 'checkpoint')}, ${bytesText(bytes)} in all`,
    left > 0 && `the newest ${shown.length} are shown`,
    superseded > 0 && `${superseded} set aside, since the run went back behind them`,
    unreadable.length > 0 && `${unreadable.length} cannot be read: offstep checkpoints says why`,
  ])
  return section('Checkpoints', { kind: 'table', columns, rows }, { kind: 'text', text })
}

function valueText(
  { step, metrics }: CheckedCheckpoint,
  metric: string,
  { best, bestBy }: RunCheckpoints,
): Inline {
  if (!Object.hasOwn(metrics, metric)) return ''
  const text = numberText(metrics[metric]!)
  return step === best?.step && metric === bestBy?.metric ? { text, style: 'best' } : text
}

export function resumeSection({ resumes }: StoredRun): Section[] {
  const columns = [{ title: 'When' }, { title: 'Went on' }, { title: 'The process before' }]
  const rows = resumes.map((resume): Inline[] => {
    return [utcText(Date.parse(resume.time)), wentOnFrom(resume), previousEnd(resume)]
  })
  return section('Resumes', { kind: 'table', columns, rows })
}
