/** A training with several trackers and with none, which take turns; and then each of them alone. */
import { mkdirSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import path from 'node:path'
import * as tf from '@tensorflow/tfjs-core'
import { useBackend } from '../../examples/moby-dick/backend.js'
import { loadCorpus } from '../../examples/moby-dick/text.js'
import { Histogram } from '../histogram.js'
import { median } from '../statistics.js'
import { threadTimes } from '../threads.js'
import { runBlock } from '../training/block.js'
import {
  type Block,
  type Compared,
  type OfVariants,
  type Plan,
  type Turn,
  VARIANTS,
  type Variant,
} from '../training/measured.js'
import { START, type Tracker } from '../training/trackers.js'
import { Turns } from '../training/turns.js'
import { Workload } from '../training/workload.js'
import { adapterName, useWebGpu } from '../webgpu.js'
import { parameters, report } from './support.js'

const plan = parameters<Plan>()
const { dir, model, backend, budgetMs, minRounds, warmUpMs, turnMs, blockMs, minSteps } = plan
const { histogramEvery } = plan
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

const stepsIn = (ms: number): number => Math.ceil(ms / stepMs)
const warmUpSteps = Math.max(3, stepsIn(warmUpMs))
const turnSteps = Math.max(2, stepsIn(turnMs))
const blockSteps = Math.max(minSteps, Math.ceil(stepsIn(blockMs) / histogramEvery) * histogramEvery)
const histograms = newHistograms()
const rounds: OfVariants<Turn>[] = []
let alone: OfVariants<Block> | null = null
const roundMs = VARIANTS.length * 1.5 * turnSteps * stepMs
const aloneMs = VARIANTS.length * (warmUpSteps + blockSteps) * stepMs
if (minRounds * roundMs + aloneMs < PATIENCE * budgetMs) {
  await takeTurns(Math.max(minRounds * roundMs, budgetMs - aloneMs))
  alone = await eachAlone()
}
const result: Compared = {
  stepMs,
  parameterCount,
  adapter: backend === 'webgpu' ? await adapterName() : null,
  turnSteps,
  blockSteps,
  histogramEvery,
  rounds,
  alone,
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

/** All trackers live from the first round to the last. */
async function takeTurns(forMs: number): Promise<void> {
  using workload = new Workload(model, corpus)
  const trackers = { none: null } as Record<Variant, Tracker | null>
  for (const variant of VARIANTS) {
    if (variant !== 'none') trackers[variant] = await START[variant](directoryOf(`turns-${variant}`))
  }
  const turns = new Turns(workload, trackers)
  await turns.round(0, { leadIn: 0, steps: warmUpSteps, histogramEvery }, newHistograms())
  for (const tracker of Object.values(trackers)) await tracker?.started()
  const tensors = tf.memory().numTensors
  const leadIn = Math.ceil(turnSteps / 2)
  for (const start = performance.now(); rounds.length < minRounds || performance.now() - start < forMs; ) {
    rounds.push(await turns.round(rounds.length, { leadIn, steps: turnSteps, histogramEvery }, histograms))
  }
  const leaked = tf.memory().numTensors - tensors
  for (const tracker of Object.values(trackers)) await tracker?.stop()
  if (leaked !== 0) throw new Error(`${leaked} tensors leaked`)
}

/** What each does on all threads, and whether all train the same: it is alone in the process meanwhile. */
async function eachAlone(): Promise<OfVariants<Block>> {
  const blocks: Partial<Record<Variant, Block>> = {}
  for (const variant of VARIANTS) {
    using workload = new Workload(model, corpus)
    const tracker = variant === 'none' ? null : await START[variant](directoryOf(`alone-${variant}`))
    const steps = { warmUpSteps, steps: blockSteps, histogramEvery }
    blocks[variant] = await runBlock(workload, tracker, steps, own)
  }
  return blocks as OfVariants<Block>
}

function directoryOf(name: string): string {
  const directory = path.join(dir, name.replace('/', '-'))
  mkdirSync(directory)
  return directory
}

function newHistograms(): OfVariants<Histogram> {
  return ofVariants(() => new Histogram())
}

function ofVariants<T>(make: (variant: Variant) => T): OfVariants<T> {
  return Object.fromEntries(VARIANTS.map((variant) => [variant, make(variant)])) as OfVariants<T>
}
