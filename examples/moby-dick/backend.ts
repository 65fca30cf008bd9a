import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import * as tf from '@tensorflow/tfjs-core'
import { UsageError } from './usage-error.js'

export const backends = ['wasm', 'cpu', 'webgpu', 'node-gpu'] as const
export type Backend = (typeof backends)[number]

/** Loads the backend and makes it the current one. Only the chosen one is loaded: two of them are optional. */
export async function useBackend(backend: Backend): Promise<void> {
  // Otherwise tfjs prints "Looks like you are running TensorFlow.js in Node.js" into the progress bar.
  tf.enableProdMode()
  const registeredName = await register[backend]()
  if (!(await tf.setBackend(registeredName))) {
    throw new UsageError(
      `The ${backend} backend found no usable device on this machine; run with --backend wasm instead.`,
    )
  }
  await tf.ready()
  if (tf.getBackend() !== registeredName)
    throw new Error(`tfjs chose ${tf.getBackend()} instead of ${registeredName}`)
}

const register: Record<Backend, () => Promise<string>> = {
  wasm: async () => {
    const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm')
    const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')
    setWasmPaths(`${dirname(entry)}/`)
    return 'wasm'
  },
  cpu: async () => {
    await import('@tensorflow/tfjs-backend-cpu')
    return 'cpu'
  },
  webgpu: async () => {
    const packages = ['webgpu', '@tensorflow/tfjs-backend-webgpu']
    const { create, globals } = (await importOptional('webgpu', packages)) as WebGpuModule
    // The backend registers itself only where navigator.gpu exists at its import; Node 20 has no navigator at all.
    Object.assign(globalThis, globals)
    if (!('navigator' in globalThis)) Object.defineProperty(globalThis, 'navigator', { value: {} })
    const { navigator } = globalThis as unknown as { navigator: object }
    Object.defineProperty(navigator, 'gpu', { value: create([]) })
    await importOptional('@tensorflow/tfjs-backend-webgpu', packages)
    return 'webgpu'
  },
  'node-gpu': async () => {
    await importOptional('@tensorflow/tfjs-node-gpu', ['@tensorflow/tfjs-node-gpu'])
    return 'tensorflow'
  },
}

interface WebGpuModule {
  create(options: string[]): object
  globals: object
}

async function importOptional(name: string, packages: readonly string[]): Promise<unknown> {
  try {
    return await import(name)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw error
    throw new UsageError(
      `This backend is optional and not installed: run \`npm install --no-save ${packages.join(' ')}\`.`,
    )
  }
}
