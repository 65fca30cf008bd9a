import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Benchmark, Figure, Settings } from './benchmark.js'
import { withDirectory } from './directory.js'
import { isolate } from './isolate.js'
import { median, quantile } from './statistics.js'
import { HAS_NVIDIA, HAS_WEBGPU, webGpuEnvironment } from './webgpu.js'

interface Times {
  readonly bare: readonly number[]
  readonly tracker: readonly number[]
  readonly object: readonly number[]
  readonly dropped: number
  readonly problems: number
}

export const tfjs: Benchmark = {
  name: 'tfjs',
  about: 'model.fit() with trackerCallback(), against no callback and against an object callback',
  scopes: ['training'],
  async run({ quick }: Settings): Promise<Figure[]> {
    const settings = { pairs: quick ? 4 : 24, batches: quick ? 16 : 32 }
    const cpu = await withDirectory((dir) => isolate<Times>('tfjs', { dir, backend: 'cpu', ...settings }))
    if (!HAS_WEBGPU) return figures('cpu', cpu)
    const webgpu = await withDirectory((dir) =>
      withWebGpu(dir, () => isolate<Times>('tfjs', { dir, backend: 'webgpu', ...settings })),
    )
    return [
      ...figures('cpu', cpu),
      ...figures(HAS_NVIDIA ? 'webgpu on the GPU' : 'webgpu on SwiftShader', webgpu),
    ]
  },
}

/** While `body` runs, the programs that it starts find a GPU, or SwiftShader where there is none. */
async function withWebGpu<T>(dir: string, body: () => Promise<T>): Promise<T> {
  const libraries = join(dir, 'swiftshader')
  mkdirSync(libraries)
  const before = process.env
  process.env = { ...before, ...webGpuEnvironment(libraries) }
  try {
    return await body()
  } finally {
    process.env = before
  }
}

function figures(backend: string, { bare, tracker, object, dropped, problems }: Times): Figure[] {
  const against = (other: readonly number[]) => tracker.map((time, i) => (time / other[i]! - 1) * 100)
  const figure = (name: string, percent: readonly number[], atMost: number): Figure => ({
    name: `${backend}: ${name}`,
    measured: median(percent),
    unit: '%',
    target: { atMost },
    note: `quartiles ${quantile(percent, 0.25).toFixed(2)} and ${quantile(percent, 0.75).toFixed(2)} of ${percent.length} pairs`,
  })
  return [
    { name: `${backend}: fit() without callback`, measured: median(bare), unit: 'ms' },
    figure('added by trackerCallback()', against(bare), 1),
    figure('trackerCallback() against an object callback', against(object), 0),
    {
      name: `${backend}: rows dropped, problems`,
      measured: dropped + problems,
      unit: '',
      target: { atMost: 0 },
    },
  ]
}
