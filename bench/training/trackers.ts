import fs from 'node:fs'
import path from 'node:path'
import type { Variable } from '@tensorflow/tfjs-core'
import type { SDK } from '../../src/compat/wandb/index.js'
import { init } from '../../src/index.js'
import { assertCounts, inDirectory } from '../programs/support.js'
import { countHistogram, type HistogramCounts } from './count-histogram.js'
import type { Variant } from './measured.js'
import type { Row } from './row.js'

export interface Tracker {
  /** With the weights, their histograms too. A promise only where there is something to wait for. */
  log(row: Row, step: number, weights: readonly Variable[] | null): Promise<void> | undefined
  /** Its start is over: what it does from here on is what it does all the time. */
  started(): Promise<void>
  stop(): Promise<void>
}

/** Begins a run in `dir`, which is new. */
export const START: {
  readonly [variant in Exclude<Variant, 'none'>]: (dir: string) => Promise<Tracker>
} = { offstep, naive, '@wandb/sdk': wandb }

async function offstep(dir: string): Promise<Tracker> {
  const run = init(
    inDirectory(dir, {
      sinks: ['jsonl', 'csv', 'tensorboard'],
      // Ten times as often as usual: a block is shorter than the usual ten seconds.
      monitor: { system: { everyMs: 1000 } },
      // Drawn at the end, which is no part of a step; here each block has one.
      plots: false,
    }),
  )
  return {
    log(row, step, weights) {
      run.log(row, step)
      for (const variable of weights ?? []) run.histogram(`weights/${variable.name}`, variable, step)
      return undefined
    },
    async started() {
      const { reached } = await run.flush({ level: 'delivered', timeoutMs: 60_000 })
      if (!reached) throw new Error('The sinks did not take the first rows')
    },
    async stop() {
      const status = await run.finish({ timeoutMs: 60_000 })
      assertCounts(status)
      if (status.dropped.total > 0 || !status.reached)
        throw new Error(`Rows are not where they belong: ${JSON.stringify(status)}`)
    },
  }
}

/** What people write by hand: each row is in the file when the call returns. */
async function naive(dir: string): Promise<Tracker> {
  const file = path.join(dir, 'metrics.jsonl')
  const append = (row: object) => fs.appendFileSync(file, `${JSON.stringify(row)}\n`)
  return {
    log(row, step, weights) {
      if (weights !== null)
        return histogramsOf(weights).then((counted) => append({ step, ...row, ...counted }))
      append({ step, time: Date.now(), ...row })
      return undefined
    },
    async started() {},
    async stop() {},
  }
}

/** It has no histograms of its own: these are counted here, and sent in the form that W&B's Python client gives them. */
async function wandb(): Promise<Tracker> {
  const { default: sdk } = (await import('@wandb/sdk')) as unknown as {
    default: Pick<SDK, 'init' | 'log' | 'finish'>
  }
  // Each init() adds a listener for the exit, and none is ever removed.
  process.setMaxListeners(0)
  await sdk.init({ project: 'bench' })
  return {
    log(row, step, weights) {
      if (weights !== null) {
        return histogramsOf(weights).then((counted) => {
          const histograms = Object.entries(counted).map(([name, { counts, edges }]) => [
            name,
            { _type: 'histogram', values: counts, bins: edges },
          ])
          sdk.log({ ...row, ...Object.fromEntries(histograms) }, step)
        })
      }
      sdk.log(row, step)
      return undefined
    },
    async started() {},
    stop: () => sdk.finish(),
  }
}

/** Counted on this thread, one variable after the other, as a script does it. */
async function histogramsOf(weights: readonly Variable[]): Promise<Record<string, HistogramCounts>> {
  const counted: Record<string, HistogramCounts> = {}
  for (const variable of weights) {
    counted[`weights/${variable.name}`] = countHistogram(await variable.data<'float32'>())
  }
  return counted
}
