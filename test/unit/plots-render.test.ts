import { decode } from 'fast-png'
import * as vega from 'vega'
import { describe, expect, test } from 'vitest'
import { comparisonPlots } from '../../src/plots/comparison-plots.js'
import { RunData } from '../../src/plots/data/run-data.js'
import { systemGroups } from '../../src/plots/data/system-lines.js'
import { stepRate } from '../../src/plots/data/throughput.js'
import { PlotError } from '../../src/plots/errors.js'
import { metricPlot } from '../../src/plots/metric-plots.js'
import type { Plot } from '../../src/plots/plot.js'
import { FONT_FILES, readWidths } from '../../src/plots/render/font.js'
import { PNG_SCALE, renderPng, renderSvg } from '../../src/plots/render/render.js'
import type { TextMetrics } from '../../src/plots/render/text-width.js'
import { runPlots } from '../../src/plots/run-plots.js'
import { gridChart } from '../../src/plots/specs/grid.js'
import { heatCells } from '../../src/plots/specs/heat-map.js'
import { histogramChart } from '../../src/plots/specs/histograms.js'
import { parallelAxis } from '../../src/plots/specs/parallel-scale.js'
import { THEMES, themeOf } from '../../src/plots/theme.js'
import { temporaryDirectory } from '../support/directory.js'
import { BEST_STEP, NAN_STEP, overfitting, writeRun } from './support/plot-runs.js'

const LIGHT = themeOf('light')

async function draw({ name, spec }: Plot): Promise<string> {
  const { svg, warnings } = await renderSvg(name, spec)
  expect(warnings).toEqual([])
  return svg
}

/** All words of a drawing. */
const textOf = (svg: string): string =>
  [...svg.matchAll(/<text[^>]*>(.*?)<\/text>/gs)].map(([, text]) => text).join('\n')

function withRun<Result>(use: (run: RunData) => Result): Result {
  const run = new RunData(writeRun(temporaryDirectory(), 'baseline', overfitting()))
  try {
    return use(run)
  } finally {
    run.close()
  }
}

const histogramOf = (at: number) => ({
  edges: [at - 1, at, at + 1],
  counts: [30, 70],
  min: null,
  max: null,
  mean: null,
  std: null,
  finite: 100,
  nan: 0,
  infinite: 0,
})

describe('the standard plots of a run', () => {
  test.each(THEMES)(
    'are valid Vega-Lite, and PNGs of twice their size that are not blank (%s)',
    async (theme) => {
      const plots = withRun((run) => [...runPlots(run, themeOf(theme))])
      const names = ['loss_by_step', 'loss_by_time', 'learning_rate', 'gradients', 'throughput', 'metrics']
      expect(plots.map(({ name }) => name)).toEqual(names)
      for (const plot of plots) {
        const svg = await draw(plot)
        const [, width, height] = /^<svg[^>]*? width="([\d.]+)" height="([\d.]+)"/.exec(svg)!.map(Number)
        const png = decode(await renderPng(plot.name, svg))
        expect(Math.abs(png.width - width! * PNG_SCALE)).toBeLessThanOrEqual(1)
        expect(Math.abs(png.height - height! * PNG_SCALE)).toBeLessThanOrEqual(1)
        expect(new Set(new Uint32Array(png.data.buffer.slice(0))).size).toBeGreaterThan(20)
        const [red, green, blue] = png.data
        const background = `#${[red, green, blue].map((part) => part!.toString(16).padStart(2, '0')).join('')}`
        expect(background).toBe(themeOf(theme).background)
      }
    },
  )

  test('mark the best validation loss, the gap to training, and where a loss is NaN', async () => {
    const [byStep] = withRun((run) => [...runPlots(run, LIGHT)])
    const svg = await draw(byStep!)
    const text = textOf(svg)
    expect(text).toContain(`best val/loss 0.7 at step ${BEST_STEP}`)
    expect(text).toContain(`× train/loss is NaN at step ${NAN_STEP}`)
    expect(text).toMatch(/validation is above training by 0\.\d+ at its best, and by [\d.]+ at the end/)
    for (const label of ['train/loss', 'val/loss', 'step', 'default/baseline']) expect(text).toContain(label)
    expect(svg).toContain('area mark')
    expect(svg).toContain(LIGHT.alert)
  })

  test('find a NaN also in a run so long that the index does not keep each point', async () => {
    const bad = [7002, 9991, 12_345, 12_346, 15_003]
    function* rows() {
      for (let step = 0; step < 20_000; step++)
        yield { loss: bad.includes(step) ? Number.NaN : Math.sin(step) }
    }
    const run = new RunData(writeRun(temporaryDirectory(), 'long', rows()))
    const { count, points } = run.nonFinite('loss')
    expect({ count, steps: points.map(({ step }) => step) }).toEqual({ count: bad.length, steps: bad })
    const text = textOf(await draw(metricPlot(run, ['loss'], { axis: 'step' }, LIGHT)))
    run.close()
    expect(text).toContain('× loss: 5 values are not finite, the first (NaN) at step 7,002')
  })

  test('show a metric that is never finite, one point, and a constant', async () => {
    const rows = [
      { loss: Number.NaN, one: 5, same: 2 },
      { loss: Infinity, same: 2 },
      { loss: Number.NaN, same: 2 },
    ]
    const run = new RunData(writeRun(temporaryDirectory(), 'odd', rows as { [name: string]: number }[]))
    for (const plot of runPlots(run, LIGHT)) await draw(plot)
    for (const log of [false, true])
      for (const name of run.names) await draw(metricPlot(run, [name], { axis: 'time', log }, LIGHT))
    run.close()
  })

  test('of a run without a throughput say how many steps it made in a second', () => {
    const points = Array.from({ length: 500 }, (_, step) => ({ step, time: step * 250, value: 0 }))
    const rate = stepRate(points, ({ step }) => step)!
    expect(rate.points.length).toBeGreaterThan(50)
    expect(new Set(rate.points.map(({ y }) => y))).toEqual(new Set([4]))
    expect(stepRate([], ({ step }) => step)).toBeNull()
    const atOnce = points.map((point) => ({ ...point, time: 0 }))
    expect(stepRate(atOnce, ({ step }) => step)).toBeNull()
  })

  test('of a run with more metrics than a page holds are the first of them, and say how many are not on it', async () => {
    const row = Object.fromEntries(Array.from({ length: 900 }, (_, index) => [`m${index}`, index]))
    const run = new RunData(writeRun(temporaryDirectory(), 'wide', [row, row]))
    const text = textOf(await draw([...runPlots(run, LIGHT)].find(({ name }) => name === 'metrics')!))
    run.close()
    expect(text).toContain('876 more metrics are not shown')
  })
})

describe('a comparison', () => {
  test('has the metrics over each other, final values and the parameters that differ', async () => {
    const root = temporaryDirectory()
    const configs = [
      { optimizer: { lr: 1e-3 }, batch: 32 },
      { optimizer: { lr: 1e-1 }, batch: 32 },
      { batch: 32 },
    ]
    const runs = configs.map(
      (config, index) => new RunData(writeRun(root, `run-${index}`, overfitting(1 + index), { config })),
    )
    const plots = [...comparisonPlots(runs, { axis: 'step' }, LIGHT)]
    const texts = new Map<string, string>()
    for (const plot of plots) texts.set(plot.name, textOf(await draw(plot)))
    for (const run of runs) run.close()
    expect([...texts.keys()]).toEqual(['compare_metrics_by_step', 'compare_final', 'compare_hyperparameters'])
    for (const label of ['run-0', 'run-1', 'run-2', 'val/loss']) {
      expect(texts.get('compare_metrics_by_step')).toContain(label)
      expect(texts.get('compare_final')).toContain(label)
    }
    expect(texts.get('compare_hyperparameters')).toContain('optimizer.lr')
    expect(texts.get('compare_hyperparameters')).not.toContain('batch')
  })

  test('of parameters: numbers by their size, texts in order, and what is missing nowhere', () => {
    expect(parallelAxis('lr', [1e-4, 1e-3, 1e-2, null]).places).toEqual([0, expect.closeTo(0.5), 1, null])
    expect(parallelAxis('batch', [16, 32, 48]).places).toEqual([0, 0.5, 1])
    expect(parallelAxis('optimizer', ['adam', 'sgd', 'adam']).places).toEqual([0, 1, 0])
    expect(parallelAxis('same', [3, 3]).labels).toEqual([{ at: 0.5, text: '3' }])
  })
})

describe('what is not a metric', () => {
  test('histograms become heat maps over one grid, whatever their edges', async () => {
    const cells = heatCells([0, 1, 2].map((at) => ({ step: at * 10, value: histogramOf(at) })))
    const columns = new Set(cells.map(({ x }) => x))
    expect(columns.size).toBe(3)
    expect(Math.max(...cells.map(({ share }) => share))).toBe(1)
    expect(Math.min(...cells.map(({ y }) => y))).toBe(-1)
    expect(Math.max(...cells.map(({ y2 }) => y2))).toBeCloseTo(3)
    const titles = { title: 'Histograms', subtitle: [] }
    const svg = await draw({
      name: 'h',
      spec: histogramChart({ ...titles, maps: [{ name: 'w', cells }] }, LIGHT),
    })
    expect(svg.match(/aria-roledescription="rect mark"/g)).toHaveLength(cells.length)
    expect(heatCells([{ step: 0, value: { ...histogramOf(0), edges: [], counts: [] } }])).toEqual([])
  })

  test('system samples become charts with a line for each GPU', async () => {
    const samples = [0, 1, 2].map((index) => ({
      time: index * 1000,
      values: {
        cpu: 10 * index,
        'gpu.0.gpu': 90,
        'gpu.1.gpu': 80,
        'gpu.1.memoryAllocatedBytes': 2 ** 30,
        unknown: 1,
      },
    }))
    const groups = systemGroups(samples, (time) => time / 1000)
    expect(groups.map(({ heading, lines }) => [heading, lines.map(({ label }) => label)])).toEqual([
      ['GPU use (%)', ['GPU 0', 'GPU 1']],
      ['GPU memory (GiB)', ['GPU 1']],
      ['CPU of the process (%)', ['']],
    ])
    expect(groups[1]!.lines[0]!.points[0]!.y).toBe(1)
    const cells = groups.map(({ heading, lines }) => ({
      heading,
      lines: lines.map((line) => ({ line, series: line.label })),
    }))
    const series = ['', 'GPU 0', 'GPU 1'].map((name, index) => ({ name, color: LIGHT.palette[index]! }))
    const text = textOf(
      await draw({
        name: 's',
        spec: gridChart({ title: 'System', subtitle: [], cells, series }, LIGHT),
      }),
    )
    for (const label of ['GPU use (%)', 'GPU 1', 'CPU of the process (%)']) expect(text).toContain(label)
  })
})

test('headings of charts beside each other are at one height, whatever their axes need', async () => {
  // A number stands at the upper edge of the first chart, and below that of the second.
  const cells = [1, 1497].map((top) => {
    const points = [0, top].map((y, x) => ({ x, y, smoothed: y }))
    const line = { label: '', points, isSmoothed: false, nonFinite: { count: 0, points: [] }, nonFiniteX: [] }
    return { heading: `to ${top}`, lines: [{ line, series: '' }] }
  })
  const series = [{ name: '', color: LIGHT.palette[0]! }]
  const svg = await draw({
    name: 'grid',
    spec: gridChart({ title: '', subtitle: [], cells, series }, LIGHT),
  })
  const [first, second] = ['to 1', 'to 1497'].map((heading) => heightOf(svg, heading))
  expect(first).toBe(second)
})

/** Where a text stands in the whole drawing, from its upper edge: the sum of all moves of the groups around it. */
function heightOf(svg: string, wanted: string): number {
  const moves: number[] = []
  for (const [, end, name, attributes, text] of svg.matchAll(/<(\/?)(\w+)([^>]*?)(?:\/>|>([^<]*))/g)) {
    const move = Number(/translate\([^,)]*,([^)]*)\)/.exec(attributes!)?.[1] ?? 0)
    if (name === 'text' && text === wanted) return moves.reduce((sum, of) => sum + of, move)
    if (name === 'g' && end === '') moves.push(move)
    else if (name === 'g') moves.pop()
  }
  throw new Error(`no text "${wanted}"`)
}

test('a specification that cannot be drawn is one sentence that names the plot', async () => {
  const broken = renderSvg('loss_by_step', { mark: 'no such mark' } as never)
  await expect(broken).rejects.toThrow(PlotError)
  await expect(broken).rejects.toThrow(/^the plot "loss_by_step" could not be drawn: .+/)
})

test('widths of letters are those of the font', async () => {
  const widths = readWidths(FONT_FILES[0]!)
  const [narrow, wide, digit] = ['i', 'W', '0'].map((letter) => widths(letter.codePointAt(0)!))
  // DejaVu Sans: 569, 2025 and 1303 of 2048 units.
  expect([narrow, wide, digit].map((width) => Math.round(width! * 2048))).toEqual([569, 2025, 1303])

  // And Vega measures with them, in place of its estimate.
  await renderSvg('dot', { data: { values: [{}] }, mark: 'point' })
  const { textMetrics } = vega as unknown as { readonly textMetrics: TextMetrics }
  expect(textMetrics.width({ fontSize: 2048 }, 'Wi')).toBeCloseTo(2025 + 569)
})
