import type { TensorLike } from './types.js'

/** Backends whose tensors lie in the memory of this process. What is not known to be one is read asynchronously. */
const HOST_BACKENDS = ['cpu', 'wasm', 'tensorflow']

/** The part of tfjs-core's engine that says where a tensor is: all copies of tfjs share one (engine.ts). */
interface Engine {
  readonly registry: { readonly [name: string]: unknown }
  readonly state: { readonly tensorInfo: { get(dataId: object): { readonly backend: unknown } | undefined } }
}

/** What tfjs-backend-wasm's readSync() looks at, and then copies (backend_wasm.ts). */
interface WasmBackend {
  readonly wasm?: { readonly HEAPU8?: Uint8Array }
  readonly dataIdMap?: { get(dataId: object): { readonly memoryOffset?: number } }
}

/**
 * The values of a tensor that can be read at once, as the backend's own memory where it can be seen: to be copied
 * before anything else happens. Null: a device has them.
 */
export function hostValues(tensor: TensorLike, byteLength: number): ArrayLike<number> | null {
  const { dataId } = tensor as { readonly dataId?: object }
  const engine = (globalThis as { readonly _tfengine?: Engine })._tfengine
  if (dataId === undefined || engine === undefined) return null
  const backend = engine.state.tensorInfo.get(dataId)?.backend
  if (!HOST_BACKENDS.some((name) => engine.registry[name] === backend && backend !== undefined)) return null
  return wasmBytes(backend as WasmBackend, dataId, byteLength) ?? tensor.dataSync()
}

/** Saves the copy that readSync() makes, into memory that is new each time. */
function wasmBytes({ wasm, dataIdMap }: WasmBackend, dataId: object, byteLength: number): Uint8Array | null {
  const heap = wasm?.HEAPU8
  const offset = heap instanceof Uint8Array ? dataIdMap?.get(dataId)?.memoryOffset : undefined
  return offset === undefined ? null : heap!.subarray(offset, offset + byteLength)
}
