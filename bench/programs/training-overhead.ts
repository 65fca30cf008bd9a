/** A training without a tracker and with each of several: blocks of the same steps take turns. */
import { mkdirSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import path from 'node:path'
import * as tf from '@tensorflow/tfjs-core'
import { useBackend } from '../../examples/moby-dick/backend.js'
import { loadCorpus } from '../../examples/moby-dick/text.js'
import { Histogram } from '../histogram.js'
import { median } from '../statistics.js'
import { threadTimes } from '../threads.js'
import { type BlockPlan, runBlock } from '../training/block.js'
import {
  type Block,
  type Compared,
  type OfVariants,
  type Plan,
  VARIANTS,
  type Variant,
} from '../training/measured.js'
import { START } from '../training/trackers.js'
import { Workload } from '../training/workload.js'
import { adapterName, useWebGpu } from '../webgpu.js'
import { parameters, report } from './support.js'

const plan = parameters<Plan>()
const { dir, model, backend, budgetMs, minRounds, warmUpMs, blockMs, minSteps, histogramEvery } = plan
/** Beyond its budget, to have the rounds that it needs. */
const PATIENCE = 3
/** The steps' own time is first known from so much of training, and from two steps at least. */
const CALIBRATION_MS = Math.min(3000, budgetMs / 4)

tf.enableProdMode()
if (backend === 'webgpu') await useWebGpu()
else await useBackend(backend)
const corpus = loadCorpus()
const { stepMs, parameterCount } = await calibrate()
// Node's own file threads exist before a tracker does, so that what is started later is the tracker's.
await Promise.all(Array.from({ length: 8 }, () => stat('.')))
const own = threadTimes()

const warmUpSteps = Math.max(3, Math.ceil(warmUpMs / stepMs))
const steps = Math.max(minSteps, Math.ceil(blockMs / stepMs / histogramEvery) * histogramEvery)
const expectedMs = VARIANTS.length * (warmUpSteps + steps) * stepMs
const histograms = newHistograms()
const rounds: OfVariants<Block>[] = []
if (expectedMs * minRounds < PATIENCE * budgetMs) {
  const start = performance.now()
  await runRound(0, { warmUpSteps, steps: warmUpSteps, histogramEvery }, newHistograms())
  let roundMs = 0
  while (rounds.length < minRounds || performance.now() - start + roundMs < budgetMs) {
    const begin = performance.now()
    rounds.push(await runRound(rounds.length + 2, { warmUpSteps, steps, histogramEvery }, histograms))
    roundMs = performance.now() - begin
  }
}
const result: Compared = {
  stepMs,
  parameterCount,
  adapter: backend === 'webgpu' ? await adapterName() : null,
  steps,
  histogramEvery,
  rounds,
  distributions: ofVariants((variant) => histograms[variant].summary()),
}
report(result)
// @wandb/sdk listens for an exit that comes by itself, and would end its runs once more.
process.exit()

/** The median step of the second half: shaders and code are compiled by then. */
async function calibrate(): Promise<{ stepMs: number; parameterCount: number }> {
  using workload = new Workload(model, corpus)
  const times: number[] = []
  const start = performance.now()
  while (times.length < 2 || performance.now() - start < CALIBRATION_MS) {
    const begin = performance.now()
    await workload.step(times.length + 1)
    times.push(performance.now() - begin)
  }
  const { parameterCount } = workload
  return { stepMs: median(times.slice(times.length / 2)), parameterCount }
}

/** Every second round goes backwards; then each variant moves on by one place. */
async function runRound(
  round: number,
  block: BlockPlan,
  distributions: OfVariants<Histogram>,
): Promise<OfVariants<Block>> {
  const order = VARIANTS.map((_, i, all) => all[(i + Math.trunc(round / 2)) % all.length]!)
  if (round % 2 === 1) order.reverse()
  const blocks: Partial<Record<Variant, Block>> = {}
  for (const variant of order) {
    const directory = path.join(dir, `${round}-${variant.replace('/', '-')}`)
    mkdirSync(directory)
    blocks[variant] = await runVariant(variant, directory, block, distributions[variant])
  }
  return blocks as OfVariants<Block>
}

async function runVariant(
  variant: Variant,
  directory: string,
  block: BlockPlan,
  distribution: Histogram,
): Promise<Block> {
  const tensors = tf.memory().numTensors
  const measured = await trainOnce(variant, directory, block, distribution)
  const leaked = tf.memory().numTensors - tensors
  if (leaked !== 0) throw new Error(`${variant}: ${leaked} tensors leaked`)
  return measured
}

async function trainOnce(
  variant: Variant,
  directory: string,
  block: BlockPlan,
  distribution: Histogram,
): Promise<Block> {
  using workload = new Workload(model, corpus)
  const tracker = variant === 'none' ? null : await START[variant](directory)
  return await runBlock(workload, tracker, block, own, distribution)
}

function newHistograms(): OfVariants<Histogram> {
  return ofVariants(() => new Histogram())
}

function ofVariants<T>(make: (variant: Variant) => T): OfVariants<T> {
  return Object.fromEntries(VARIANTS.map((variant) => [variant, make(variant)])) as OfVariants<T>
}
