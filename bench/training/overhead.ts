import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { type Benchmark, type Figure, type Measured, type Settings, secondsOf } from '../benchmark.js'
import type { Chart } from '../chart.js'
import { withDirectory } from '../directory.js'
import { startProgram } from '../wandb-program.js'
import { BenchServer } from '../wandb-server.js'
import { HAS_NVIDIA, HAS_WEBGPU, webGpuEnvironment } from '../webgpu.js'
import { chartsOf } from './charts.js'
import { figuresOf, notMeasured } from './figures.js'
import { type BackendName, type Compared, type Lengths, MODELS, type ModelName } from './measured.js'

/** WebGPU without a GPU. */
const IN_SOFTWARE = !HAS_NVIDIA

/**
 * Turns are a few of the daemon's ticks. Blocks are long enough for W&B's client, which sends every two seconds. Before them, the
 * threads of a tracker need about a second until their code is compiled, which a training does not notice after its first minute.
 */
const FULL = {
  minRounds: 6,
  warmUpMs: 1000,
  turnMs: 200,
  blockMs: 2500,
  minSteps: 100,
  histogramEvery: 100,
}
const QUICK = {
  minRounds: 1,
  warmUpMs: 150,
  turnMs: 100,
  blockMs: 300,
  minSteps: 10,
  histogramEvery: 10,
}
/** A step takes a tenth of a second there, and of the main job seconds: fewer have to do, and histograms come more often. */
const FULL_IN_SOFTWARE: { readonly [model in ModelName]: Omit<Lengths, 'budgetMs'> } = {
  'main job': { ...FULL, minSteps: 5, histogramEvery: 5 },
  'small model': { ...FULL, turnMs: 500, minSteps: 25, histogramEvery: 25 },
}
const QUICK_IN_SOFTWARE = { ...QUICK, minSteps: 5, histogramEvery: 5 }

/** All of them in five minutes, and as many more for the main job in software. */
const SECONDS: { readonly [backend in BackendName]: { readonly [model in ModelName]: number } } = {
  wasm: { 'main job': 110, 'small model': 85 },
  webgpu: { 'main job': IN_SOFTWARE ? 300 : 45, 'small model': 45 },
}

export const trainingOverhead: Benchmark = {
  name: 'training-overhead',
  about: 'real trainings without a tracker, with offstep, with a logger written by hand and with @wandb/sdk',
  scopes: ['training'],
  async run(settings: Settings): Promise<Measured> {
    const figures: Figure[] = []
    const charts: Chart[] = []
    for (const backend of ['wasm', 'webgpu'] as const) {
      for (const model of MODELS) {
        const name = `${model} on ${backend === 'webgpu' && IN_SOFTWARE ? 'webgpu (SwiftShader)' : backend}`
        const why = obstacle(model, backend, settings)
        if (why !== null) {
          figures.push(notMeasured(name, why))
          continue
        }
        const compared = await compare(model, backend, settings)
        figures.push(...figuresOf(name, model, compared))
        charts.push(...chartsOf(name, compared))
      }
    }
    return { figures, charts }
  },
}

function obstacle(model: ModelName, backend: BackendName, { quick }: Settings): string | null {
  if (backend === 'wasm') return null
  if (!HAS_WEBGPU) return 'no GPU, and SwiftShader comes for Linux on x86-64 only'
  return quick && model === 'main job' && IN_SOFTWARE ? 'left out of a quick run without a GPU' : null
}

/** One process for all variants; W&B's server is another, and has its share of the cores as long as it is needed. */
function compare(model: ModelName, backend: BackendName, settings: Settings): Promise<Compared> {
  return withDirectory((dir) =>
    BenchServer.use(async (server) => {
      const plan = { dir, model, backend, ...lengths(model, backend, settings) }
      const env = { ...server.env, ...(backend === 'webgpu' ? webGpuIn(dir) : {}) }
      const compared = await startProgram<Compared>('training-overhead', plan, env).result
      if (compared === null) throw new Error('The program "training-overhead" ended without a result')
      return compared
    }),
  )
}

function lengths(model: ModelName, backend: BackendName, settings: Settings): Lengths {
  const budgetMs = secondsOf(settings, SECONDS[backend][model], 4) * 1000
  const inSoftware = backend === 'webgpu' && IN_SOFTWARE
  if (settings.quick) return { budgetMs, ...(inSoftware ? QUICK_IN_SOFTWARE : QUICK) }
  return { budgetMs, ...(inSoftware ? FULL_IN_SOFTWARE[model] : FULL) }
}

function webGpuIn(dir: string): Record<string, string> {
  const libraries = path.join(dir, 'swiftshader')
  mkdirSync(libraries)
  return webGpuEnvironment(libraries)
}
