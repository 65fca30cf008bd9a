import type { StoredRun } from '../../store/runs/stored-run.js'
import type { MetricRow } from '../../store/runs/types.js'
import { countText, printable } from '../../text/text.js'
import { numberText, timeText } from '../../text/values.js'
import type { Output } from '../output.js'
import { widthOf } from '../text.js'

/** A row may have 100,000 metrics, and a line in a file is to be read as well. */
const MAX_VALUES = 50
const LATER = 3

/** `14:30:05  step 1200  train/loss 0.0345  lr 0.001`: on a terminal as many values as its width has room for. */
export function rowLine({ step, time, producer, values }: MetricRow, run: StoredRun, output: Output): string {
  const { dim, bold } = output.out
  const clock = timeText(time).slice(Number.isFinite(output.columns) ? -8 : 0)
  const thread = run.file.producers?.find(({ id }) => id === producer)?.name
  const who = producer === 0 ? '' : `  ${printable(thread ?? `producer-${producer}`)}`
  const stepText = numberText(step).padStart(6)
  const entries = Object.entries(values)
  let width = widthOf(`${clock}  step ${stepText}${who}`)
  const shown: string[] = []
  for (const [name, value] of entries.slice(0, MAX_VALUES)) {
    const [label, number] = [printable(name), numberText(value)]
    const needed = widthOf(label) + number.length + LATER
    const room =
      output.columns - width - (shown.length + 1 < entries.length ? moreText(entries.length).length : 0)
    if (needed > room && shown.length > 0) break
    width += needed
    shown.push(`  ${dim(label)} ${number}`)
  }
  const left = entries.length - shown.length
  return `${dim(clock)}  step ${bold(stepText)}${who}${shown.join('')}${left > 0 ? dim(moreText(left)) : ''}`
}

const moreText = (count: number): string => `  +${countText(count)}`
