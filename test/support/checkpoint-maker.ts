import type { CheckpointRequest, Dtype, NamedTensor } from '../../src/checkpoint/request.js'
import type { CheckpointRetention } from '../../src/checkpoint/types.js'

export const KEEP_ALL: CheckpointRetention = {
  keepLast: Number.MAX_SAFE_INTEGER,
  keepBest: 0,
  keepEvery: 0,
  metric: null,
  mode: 'min',
}

export function tensor(
  name: string,
  dtype: Dtype,
  shape: readonly number[],
  data: ArrayBufferView,
): NamedTensor {
  return { name, dtype, shape, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) }
}

/** A small checkpoint whose every byte follows from its step. */
export function requestOf(step: number, more: Partial<CheckpointRequest> = {}): CheckpointRequest {
  const weights = Float32Array.from({ length: 12 }, (_, i) => step + i / 16)
  const shared = new Uint8Array(new SharedArrayBuffer(4)).fill(step % 251)
  return {
    step,
    time: 1_700_000_000_000 + step,
    epoch: null,
    metrics: { loss: 1 / (step + 1) },
    isBest: null,
    metadata: { note: `step ${step}` },
    state: { random: [step, step + 1] },
    configSha256: null,
    gitCommit: null,
    attempt: 0,
    content: {
      tensorFiles: [
        {
          path: 'model.safetensors',
          tensors: [tensor('dense/kernel', 'F32', [3, 4], weights), tensor('mask', 'U8', [4], shared)],
          metadata: { format: 'pt' },
        },
      ],
      jsonFiles: [{ path: 'model.json', value: { layers: step } }],
      files: [],
    },
    ...more,
  }
}
