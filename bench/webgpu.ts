/** WebGPU in Node, without a GPU too: TensorFlow.js on Dawn on SwiftShader. Also for the tests. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { brotliDecompressSync } from 'node:zlib'
import * as core from '@tensorflow/tfjs-core'

/** Where Vulkan's drivers are registered. */
const DRIVER_DIRECTORIES = ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d']

/** An NVIDIA GPU whose Vulkan driver is installed. */
export const HAS_NVIDIA =
  existsSync('/dev/nvidiactl') &&
  DRIVER_DIRECTORIES.some((dir) => existsSync(dir) && readdirSync(dir).some((name) => /nvidia/i.test(name)))

/** With a GPU, or SwiftShader, which ships as x86-64 code for Linux. */
export const HAS_WEBGPU = HAS_NVIDIA || (process.platform === 'linux' && process.arch === 'x64')

/** What a process must have in its environment to find a GPU, or SwiftShader, which is then unpacked into `dir`. */
export const webGpuEnvironment = (dir: string): Record<string, string> =>
  HAS_NVIDIA ? {} : unpackSwiftShader(dir)

const BLOCK = 512

/**
 * Unpacks SwiftShader, Vulkan on the processor, out of the npm package that ships Chromium. Returns what a process
 * must have in its environment from its start: the Vulkan loader and its driver are found by it.
 */
function unpackSwiftShader(dir: string): Record<string, string> {
  // The package's main file is build/<format>/index.js, and it exports no path to its archives.
  const main = createRequire(import.meta.url).resolve('@sparticuz/chromium')
  const archive = join(dirname(main), '..', '..', 'bin', 'swiftshader.tar.br')
  unpack(brotliDecompressSync(readFileSync(archive)), dir)
  const runtime = join(dir, 'runtime')
  mkdirSync(runtime, { mode: 0o700 })
  const driver = join(dir, 'vk_swiftshader_icd.json')
  return {
    VK_ICD_FILENAMES: driver,
    VK_DRIVER_FILES: driver,
    LD_LIBRARY_PATH: dir,
    XDG_RUNTIME_DIR: runtime,
  }
}

/** The plain files of a tar archive: a header block each (name at 0, size in octal at 124), then the content. */
function unpack(tar: Buffer, dir: string): void {
  for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0; ) {
    const field = (from: number, length: number) =>
      tar.toString('latin1', at + from, at + from + length).replace(/\0.*$/s, '')
    const size = Number.parseInt(field(124, 12), 8)
    const content = at + BLOCK
    if (field(156, 1) === '0') {
      writeFileSync(join(dir, basename(field(0, 100))), tar.subarray(content, content + size), {
        mode: 0o755,
      })
    }
    at = content + Math.ceil(size / BLOCK) * BLOCK
  }
}

/** Makes WebGPU the backend of TensorFlow.js. The backend's package looks for `navigator.gpu` when it is loaded. */
export async function useWebGpu(): Promise<void> {
  const { create, globals } = await import('webgpu')
  Object.assign(globalThis, globals)
  const scope = globalThis as { navigator?: object }
  // Node 20 has no navigator; later ones have one that cannot be replaced.
  scope.navigator ??= {}
  Object.defineProperty(scope.navigator, 'gpu', { value: create([]), configurable: true })
  await import('@tensorflow/tfjs-backend-webgpu')
  if (!(await core.setBackend('webgpu'))) throw new Error('TensorFlow.js cannot use WebGPU here')
}

/** What the backend computes on, once `useWebGpu()` has set it up. */
export async function adapterName(): Promise<string> {
  const { gpu } = (globalThis as unknown as { navigator: { gpu: GPU } }).navigator
  const info = (await gpu.requestAdapter())?.info
  return info === undefined
    ? 'unknown'
    : [info.vendor, info.device, info.description].filter(Boolean).join(', ')
}
