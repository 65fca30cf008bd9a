import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Plot } from '../../src/plots/plot.js'
import { writeAll, writeComparison, writeMetricPlot, writePlots } from '../../src/plots/write-plots.js'
import { temporaryDirectory } from '../support/directory.js'
import { overfitting, writeRun } from './support/plot-runs.js'

describe('plots as files', () => {
  test('are in plots/ of the run, in the formats that were asked for', async () => {
    const dir = writeRun(temporaryDirectory(), 'a', overfitting())
    const { files, problems } = await writePlots(dir, { formats: ['png', 'svg'], theme: 'dark' })
    expect(problems).toEqual([])
    const names = ['gradients', 'learning_rate', 'loss_by_step', 'loss_by_time', 'metrics', 'throughput']
    const expected = names.flatMap((name) => [`${name}.png`, `${name}.svg`])
    expect(readdirSync(join(dir, 'plots')).sort()).toEqual(expected)
    expect(files.toSorted()).toEqual(expected.map((name) => join(dir, 'plots', name)))
  })

  test('of a run without rows are none, and no directory', async () => {
    const dir = writeRun(temporaryDirectory(), 'empty', [])
    expect(await writePlots(dir)).toEqual({ files: [], problems: [] })
    expect(existsSync(join(dir, 'plots'))).toBe(false)
  })

  test('of a directory that is no run are an error that says what to give', async () => {
    await expect(writePlots(temporaryDirectory())).rejects.toThrow(
      /run\.json does not exist: give the directory/,
    )
  })

  test('that cannot be drawn cost themselves, and are told', async () => {
    const out = temporaryDirectory()
    const spec = {
      data: { values: [{ x: 1 }] },
      mark: 'point',
      encoding: { x: { field: 'x', type: 'quantitative' } },
    }
    const plots = [
      { name: 'broken', spec: { mark: 'no such mark' } },
      { name: 'sound', spec },
    ] as unknown as Plot[]
    const { files, problems } = await writeAll(plots, out, { formats: ['svg'] })
    expect(files).toEqual([join(out, 'sound.svg')])
    expect(problems).toEqual([expect.stringMatching(/^the plot "broken" could not be drawn: /)])
  })

  test('that have no place to go are an error of the file system', async () => {
    const dir = writeRun(temporaryDirectory(), 'a', [{ loss: 1 }, { loss: 2 }])
    writeFileSync(join(dir, 'file'), '')
    await expect(writePlots(dir, { out: join(dir, 'file') })).rejects.toThrow(/EEXIST|ENOTDIR/)
  })

  test('of chosen metrics have their name, made fit for any file system', async () => {
    const dir = writeRun(temporaryDirectory(), 'a', [{ '../x y': 1 }, { '../x y': 2 }])
    const out = join(dir, 'out')
    mkdirSync(out)
    await writeMetricPlot(dir, { metrics: ['../x y'], axis: 'time', out, formats: ['svg'] })
    expect(readdirSync(out)).toEqual(['x_y_by_time.svg'])
  })

  test('of a comparison are where they were asked for', async () => {
    const root = temporaryDirectory()
    const dirs = ['a', 'b'].map((id, index) => writeRun(root, id, overfitting(1 + index)))
    const out = join(root, 'compared')
    await writeComparison(dirs, { out, metrics: ['val/loss'], formats: ['svg'] })
    expect(readdirSync(out).sort()).toEqual(['compare_final.svg', 'compare_val_loss_by_step.svg'])
  })
})
