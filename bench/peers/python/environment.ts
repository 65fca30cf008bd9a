import { execFile } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { lastLine } from './anonymous.js'

/** Each has a virtual environment of its own: what one tracker needs may be what another cannot have. */
export type Group = 'none' | 'wandb' | 'tensorboard' | 'torch' | 'mlflow' | 'trackio' | 'aim'

export interface Environment {
  readonly python: string
}

/** Compiled files are below dist; Python's are not compiled. */
export const PYTHON_FILES = fileURLToPath(new URL('../../../../bench/peers/python/', import.meta.url))
const ENVIRONMENTS = fileURLToPath(new URL('../../../../bench/.venv/', import.meta.url))
const INSTALL_MS = 20 * 60_000
const run = promisify(execFile)

/** Makes what is not there yet, or was made of other requirements. Rejects with one sentence that says why not. */
export async function environmentOf(group: Group): Promise<Environment> {
  const requirements = path.join(PYTHON_FILES, 'requirements', `${group}.txt`)
  const wanted = group === 'none' ? '' : fs.readFileSync(requirements, 'utf8')
  const directory = path.join(ENVIRONMENTS, group)
  const python = path.join(directory, 'bin', 'python')
  const stamp = path.join(directory, 'complete')
  if (read(stamp) === wanted) return { python }
  process.stderr.write(`peers: installing the Python environment "${group}" ...\n`)
  fs.rmSync(directory, { recursive: true, force: true })
  fs.mkdirSync(ENVIRONMENTS, { recursive: true })
  await checked('python3', ['-m', 'venv', directory])
  if (group === 'torch') await installTorchFiles(python, directory, requirements)
  else if (group !== 'none') await checked(python, [...PIP, 'install', '--requirement', requirements])
  fs.writeFileSync(stamp, wanted)
  return { python }
}

const PIP = ['-m', 'pip', '--quiet', '--disable-pip-version-check', '--no-input']

/**
 * The wheel of torch for Linux brings gigabytes of CUDA, or needs them to be imported at all. torch.utils.tensorboard
 * is Python, and the same in every wheel: its files are taken from the smallest one, and nothing else of it.
 */
async function installTorchFiles(python: string, directory: string, requirements: string): Promise<void> {
  const [torch, ...others] = fs.readFileSync(requirements, 'utf8').trim().split('\n')
  await checked(python, [...PIP, 'install', ...others])
  const download = fs.mkdtempSync(path.join(os.tmpdir(), 'offstep-bench-torch-'))
  try {
    const smallest = ['--platform', 'macosx_14_0_arm64', '--platform', 'macosx_11_0_arm64']
    const only = ['--no-deps', '--only-binary=:all:', '--python-version', '3.11', '--dest', download]
    await checked(python, [...PIP, 'download', ...only, ...smallest, torch!])
    await checked(python, [path.join(PYTHON_FILES, 'torch_files.py'), download, directory])
  } finally {
    fs.rmSync(download, { recursive: true, force: true })
  }
}

async function checked(command: string, args: readonly string[]): Promise<void> {
  try {
    await run(command, args, { timeout: INSTALL_MS, maxBuffer: 2 ** 26 })
  } catch (error) {
    const { stderr = '', killed } = error as { stderr?: string; killed?: boolean }
    throw new Error(killed ? 'its installation took too long' : `it cannot be installed: ${lastLine(stderr)}`)
  }
}

function read(file: string): string | null {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return null
  }
}
