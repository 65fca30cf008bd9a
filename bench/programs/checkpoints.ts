import { closeSync, fsyncSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { openCheckpoints, writeCheckpoint } from '../../src/checkpoint/index.js'
import { init } from '../../src/index.js'
import { inDirectory, parameters, report } from './support.js'

const { dir, megabytes, rounds, listed } = parameters<{
  dir: string
  megabytes: number
  rounds: number
  listed: number
}>()

const run = init(
  inDirectory(dir, {
    sinks: ['jsonl'],
    checkpoints: { keepLast: 1, keepBest: 0 },
    monitor: { system: false },
  }),
)
const weights = Object.fromEntries(
  Array.from({ length: 10 }, (_, layer) => [
    `layer_${layer}`,
    Float32Array.from({ length: (megabytes * 1e6) / 40 }, (_, i) => Math.sin(i + layer)),
  ]),
)
const timed = (work: () => unknown): number => {
  const start = performance.now()
  work()
  return performance.now() - start
}

const warm = Object.values(weights).map(
  ({ byteLength }) => new Float32Array(new SharedArrayBuffer(byteLength)),
)
const copyAll = (): void => {
  for (const [layer, array] of Object.values(weights).entries()) warm[layer]!.set(array)
}
copyAll()

/** A sequential write of the same bytes, synced. */
const bytes = Object.values(weights).map((array) => new Uint8Array(array.buffer))
function writeFile(): void {
  const file = join(dir, 'plain')
  const fd = openSync(file, 'w')
  for (const part of bytes)
    for (let at = 0; at < part.length; ) at += writeSync(fd, part, at, Math.min(2 ** 20, part.length - at))
  fsyncSync(fd)
  closeSync(fd)
  rmSync(file)
}

const idle = new Int32Array(new SharedArrayBuffer(4))
const scratch = new Float64Array(4096)
/** Some 20 ms of arithmetic, as the steps of small models take. */
function trainStep(): void {
  for (let pass = 0; pass < 2400; pass++) {
    for (let i = 0; i < scratch.length; i++) scratch[i] = scratch[i]! * 0.999 + Math.sqrt(i + pass)
  }
}
function stepsFor(ms: number): number[] {
  const steps: number[] = []
  for (const until = performance.now() + ms; performance.now() < until; ) steps.push(timed(trainStep))
  return steps
}

const copy: number[] = []
const save: number[] = []
const disk: number[] = []
const written: number[] = []
const steps: number[] = []
const stepsWhileSaving: number[] = []
await run.checkpoints.save(1, { model: weights })
stepsFor(200)
for (let round = 0; round < rounds; round++) {
  copy.push(timed(copyAll))
  disk.push(megabytes / (timed(writeFile) / 1000))
  steps.push(...stepsFor(500))
  let saving: Promise<unknown> | undefined
  save.push(
    timed(() => {
      saving = run.checkpoints.save(2 + round, { model: weights })
    }),
  )
  stepsWhileSaving.push(...stepsFor(500))
  await saving
  Atomics.wait(idle, 0, 0, 50)
}

// The writer alone, as the pool thread calls it.
const retention = { keepLast: 1, keepBest: 0, keepEvery: 0, metric: null, mode: 'min' } as const
const request = (step: number, tensors: Record<string, Float32Array>) => ({
  step,
  time: Date.now(),
  epoch: null,
  metrics: {},
  isBest: null,
  metadata: {},
  state: null,
  configSha256: null,
  gitCommit: null,
  attempt: 0,
  content: {
    tensorFiles: [
      {
        path: 'model.safetensors',
        tensors: Object.entries(tensors).map(([name, array]) => ({
          name,
          dtype: 'F32' as const,
          shape: [array.length],
          data: new Uint8Array(array.buffer),
        })),
      },
    ],
    jsonFiles: [],
    files: [],
  },
})
// In shared memory, as the copies of a save are.
const shared = Object.fromEntries(
  Object.entries(weights).map(([name, array]) => {
    const copy = new Float32Array(new SharedArrayBuffer(array.byteLength))
    copy.set(array)
    return [name, copy]
  }),
)
const alone = join(dir, 'alone')
mkdirSync(alone)
for (let round = 0; round < rounds; round++) {
  const start = performance.now()
  await writeCheckpoint({ runDir: alone, request: request(round, shared), retention, compression: 'none' })
  written.push(megabytes / ((performance.now() - start) / 1000))
}
rmSync(alone, { recursive: true })

const many = join(dir, 'many')
mkdirSync(many)
const small = { w: Float32Array.of(1, 2, 3) }
for (let step = 0; step < listed; step++) {
  await writeCheckpoint({
    runDir: many,
    request: request(step, small),
    retention: { ...retention, keepLast: listed },
    compression: 'none',
  })
}
const list = Array.from({ length: 10 }, () => timed(() => openCheckpoints(many).list()))
await run.finish()
report({ copy, save, steps, stepsWhileSaving, disk, written, list })
