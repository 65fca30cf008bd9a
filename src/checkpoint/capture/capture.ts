import type { NamedTensor } from '../request.js'
import { Copies } from './copies.js'
import { planInput } from './input.js'
import type { CheckpointMemory } from './memory.js'
import type { TensorPlan } from './plan.js'
import type { Capturable, Captured } from './types.js'

/**
 * Copies what a checkpoint is to hold, on the training thread. What is saved is the state at this call, even if the
 * training goes on: tensors of the CPU and WASM backends (and of tfjs-node) are copied here, once, into memory of
 * earlier saves; those of other backends are kept as clones, and read back in the background. No I/O.
 *
 * Throws a CheckpointError, one sentence that says what to give instead; nothing is kept then.
 */
export function capture(what: Capturable, memory: CheckpointMemory): Captured {
  const { tensorFiles, jsonFiles, files } = planInput(what)
  const planned = tensorFiles.flatMap(({ tensors }) => tensors)
  const copies = new Copies(memory, planned)
  try {
    const copied = tensorFiles.map((plan) => ({ path: plan.path, tensors: copyAll(plan, copies) }))
    const bytes = planned.reduce((sum, { byteLength }) => sum + byteLength, 0)
    return { content: { tensorFiles: copied, jsonFiles, files }, bytes, ...finishing(copies) }
  } catch (error) {
    copies.dispose()
    throw error
  }
}

const copyAll = ({ tensors }: TensorPlan, copies: Copies): NamedTensor[] =>
  tensors.map((tensor) => copies.copy(tensor))

function finishing(copies: Copies): Pick<Captured, 'ready' | 'readNow' | 'dispose'> {
  const ready = copies.reads.any ? copies.reads.readAll() : null
  // The caller hears of it where it waits; a save that was given up has nobody who does.
  ready?.catch(() => {})
  return { ready, readNow: () => copies.reads.readNow(), dispose: () => copies.dispose() }
}
