/** Marks of a run that was resumed, on the curves of its loss. */
import { expect, test } from 'vitest'
import { RunData } from '../../src/plots/data/run-data.js'
import { metricPlot } from '../../src/plots/metric-plots.js'
import { renderSvg } from '../../src/plots/render/render.js'
import { runPlots } from '../../src/plots/run-plots.js'
import { themeOf } from '../../src/plots/theme.js'
import { type RunResume, readRunFile, writeRunFile } from '../../src/store/run-file.js'
import { temporaryDirectory } from '../support/directory.js'
import { overfitting, writeRun } from './support/plot-runs.js'

const LIGHT = themeOf('light')
const LATER = new Date(Date.now() + 86_400_000).toISOString()
const resumedAt = (rewoundTo: RunResume['rewoundTo'], time = LATER): RunResume => {
  return { time, rewoundTo, previous: {} }
}

async function drawnOf(dir: string, name: 'loss_by_step' | 'loss_by_time') {
  const run = new RunData(dir)
  try {
    const plot = [...runPlots(run, LIGHT)].find((each) => each.name === name)!
    const alone = metricPlot(run, ['train/loss'], { axis: name === 'loss_by_step' ? 'step' : 'time' }, LIGHT)
    const [{ svg }, other] = [await renderSvg(name, plot.spec), await renderSvg(name, alone.spec)]
    const [dotted, too] = [svg, other.svg].map((text) => text.match(/stroke-dasharray="1,3"/g)?.length ?? 0)
    expect(too).toBe(dotted)
    return { dotted, words: />(resumed [^<]*)</.exec(svg)?.[1] ?? null }
  } finally {
    run.close()
  }
}

test.each([
  ['none', [], 0, null],
  ['one', [resumedAt(300)], 1, 'resumed at the dotted line'],
  [
    'those that stand',
    [resumedAt(100), resumedAt(700), resumedAt(300)],
    2,
    'resumed 2 times, at the dotted lines',
  ],
  ['none that began anew', [resumedAt(300), resumedAt('start')], 0, null],
  ['none beyond the points', [resumedAt(5000)], 0, null],
] as const)('by step: %s', async (_, resumes, dotted, words) => {
  const dir = writeRun(temporaryDirectory(), 'r', overfitting(), { resumes })
  expect(await drawnOf(dir, 'loss_by_step')).toEqual({ dotted, words })
})

test('by time: when it was resumed, as far as there are points', async () => {
  const dir = writeRun(temporaryDirectory(), 'r', overfitting())
  const { points } = new RunData(dir).series('train/loss')!
  const middle = new Date((points[0]!.time + points.at(-1)!.time) / 2).toISOString()
  writeRunFile(dir, { ...readRunFile(dir), resumes: [resumedAt(300, middle), resumedAt(100)] })
  expect(await drawnOf(dir, 'loss_by_time')).toEqual({ dotted: 1, words: 'resumed at the dotted line' })
})
