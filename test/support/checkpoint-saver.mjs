/**
 * Saves checkpoints of one run directory until it has saved all or is killed. Arguments: JSON with runDir, steps,
 * elements, compressions, keepLast. Says `ready`, and `saved <step>` when the save of a step has resolved.
 */
import { writeCheckpoint } from '../../dist/src/checkpoint/index.js'

const { runDir, steps, elements, compressions, keepLast } = JSON.parse(process.argv[2])
const retention = { keepLast, keepBest: 1, keepEvery: 0, metric: 'loss', mode: 'min' }

/** As test/fault/checkpoint-kill.test.ts expects it. */
function requestOf(step) {
  const weights = Float32Array.from({ length: elements }, (_, i) => step + (i % 1024) / 1024)
  const bytes = new Uint8Array(weights.buffer)
  return {
    step,
    time: Date.now(),
    epoch: null,
    metrics: { loss: Math.abs((step % 17) - 8) },
    isBest: null,
    metadata: {},
    state: { step },
    configSha256: null,
    gitCommit: null,
    attempt: 0,
    content: {
      tensorFiles: [
        {
          path: 'model.safetensors',
          tensors: [{ name: 'weights', dtype: 'F32', shape: [elements], data: bytes }],
        },
      ],
      jsonFiles: [{ path: 'model.json', value: { step } }],
      files: [{ path: null, source: import.meta.filename }],
    },
  }
}

process.stdout.write('ready\n')
for (const step of steps) {
  const compression = compressions[step % compressions.length]
  const { problems } = await writeCheckpoint({ runDir, request: requestOf(step), retention, compression })
  if (problems.length > 0) throw new Error(problems.join('\n'))
  process.stdout.write(`saved ${step}\n`)
}
