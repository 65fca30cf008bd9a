import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { listGpus } from '../daemon/context/gpu.js'
import { runCommand } from '../daemon/context/run-command.js'
import { bytesText } from './bytes.js'
import { type Check, type DoctorContext, ok, warning } from './check.js'

/** The backends of TensorFlow.js that offstep takes tensors from, fastest first. */
const BACKENDS: { readonly [name: string]: string } = {
  '@tensorflow/tfjs-node-gpu': 'CUDA',
  '@tensorflow/tfjs-backend-webgpu': 'WebGPU',
  '@tensorflow/tfjs-node': 'CPU, native',
  '@tensorflow/tfjs-backend-wasm': 'WASM',
  '@tensorflow/tfjs-backend-cpu': 'CPU, JavaScript',
}
const ON_GPU = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-backend-webgpu']
/** The package that gives Node a `navigator.gpu`. */
const DAWN = 'webgpu'

/** In a process of its own, since a driver may end it. */
const ASK_DAWN = `
import { create } from '${DAWN}'
const adapter = await create([]).requestAdapter()
if (adapter === null) process.exit(1)
const { vendor, architecture, description } = adapter.info
process.stdout.write([description || vendor, architecture].filter(Boolean).join(', '))
process.exit(0)
`

/** GPUs of the machine, and what of TensorFlow.js resolves from the working directory. */
export async function checkGpu(context: DoctorContext): Promise<Check[]> {
  const { cwd, env, timeoutMs } = context
  const installed = Object.keys(BACKENDS).flatMap((name) => {
    const version = versionOf(name, cwd)
    return version === null ? [] : [{ name, version }]
  })
  const [gpus, dawn] = await Promise.all([listGpus({ env, timeoutMs }), checkDawn(context)])
  const found = installed.map(
    ({ name, version }) => `${name.slice('@tensorflow/'.length)} ${version} (${BACKENDS[name]})`,
  )
  const backends = ok('tfjs backends', found.join(', ') || 'none: needed only to log tensors')
  return [
    gpuCheck(
      gpus,
      installed.map(({ name }) => name),
    ),
    backends,
    ...dawn,
  ]
}

function gpuCheck(gpus: Awaited<ReturnType<typeof listGpus>>, installed: readonly string[]): Check {
  const name = 'GPUs'
  if (gpus === null) return ok(name, 'this system does not tell')
  if (gpus.length === 0) return ok(name, `none${deviceFiles()}`)
  const list = gpus.map(({ name, memoryBytes, driver }) =>
    [name, memoryBytes && bytesText(memoryBytes), driver && `driver ${driver}`].filter(Boolean).join(', '),
  )
  const found = `${[...counted(list)].join('; ')}${deviceFiles()}`
  const unused = installed.length > 0 && !installed.some((name) => ON_GPU.includes(name))
  const fix = `training does not use it: npm install ${ON_GPU[0]} (CUDA), or ${ON_GPU[1]} and ${DAWN}`
  return unused ? warning(name, found, fix) : ok(name, found)
}

/** Eight equal ones are told once. */
function counted(list: readonly string[]): string[] {
  return [...new Set(list)].map((text) => {
    const count = list.filter((other) => other === text).length
    return count === 1 ? text : `${count} x ${text}`
  })
}

/** Render nodes: what Vulkan, and so WebGPU, opens. */
function deviceFiles(): string {
  if (!existsSync('/dev/dri')) return ''
  const nodes = readdirSync('/dev/dri').filter((name) => name.startsWith('renderD'))
  return nodes.length === 0 ? '' : ` (/dev/dri: ${nodes.join(', ')})`
}

async function checkDawn({ cwd, env, timeoutMs }: DoctorContext): Promise<Check[]> {
  const version = versionOf(DAWN, cwd)
  if (version === null) return []
  const args = ['--input-type=module', '-e', ASK_DAWN]
  const { ok: loads, stdout } = await runCommand(process.execPath, args, { cwd, env, timeoutMs })
  if (loads) return [ok('WebGPU', `${DAWN} ${version} finds ${stdout || 'an adapter'}`)]
  const fix = 'install the Vulkan driver of the GPU, and see that this user may open /dev/dri/render*'
  return [warning('WebGPU', `${DAWN} ${version} is installed, but finds no adapter`, fix)]
}

/** The version that resolves from `cwd`; read, not loaded: some of these print, or end the process. */
function versionOf(name: string, cwd: string): string | null {
  for (let dir = cwd; ; dir = path.dirname(dir)) {
    const file = path.join(dir, 'node_modules', name, 'package.json')
    if (existsSync(file)) return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
    if (dir === path.dirname(dir)) return null
  }
}
