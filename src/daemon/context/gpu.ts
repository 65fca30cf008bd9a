import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { GpuInfo } from '../../store/run-context.js'
import { runCommand } from './run-command.js'

// All of these are known to every driver since 2014; one unknown field would fail the whole query.
const QUERY = ['--query-gpu=name,uuid,memory.total,driver_version', '--format=csv,noheader,nounits']
const VENDORS: { readonly [id: string]: string } = { '0x10de': 'NVIDIA', '0x1002': 'AMD', '0x8086': 'Intel' }

export interface GpuOptions {
  readonly env?: NodeJS.ProcessEnv
  readonly platform?: NodeJS.Platform
  /** Where `/proc` and `/sys` lie. */
  readonly root?: string
  readonly timeoutMs?: number
}

/**
 * The GPUs of the machine, as `nvidia-smi` tells them; else, with less detail, as the NVIDIA driver or the
 * kernel's display devices do. Empty: none. Null: there is no way to know (macOS). Never rejects.
 */
export async function listGpus(options: GpuOptions = {}): Promise<readonly GpuInfo[] | null> {
  const { env = process.env, platform = process.platform, root = '/', timeoutMs = 3000 } = options
  if (platform === 'darwin') return null
  const answer = await runCommand('nvidia-smi', QUERY, { env, timeoutMs })
  if (answer.ok) return answer.stdout.split('\n').flatMap(parseRow)
  if (platform !== 'linux') return null
  const fromDriver = readDriver(join(root, 'proc/driver/nvidia/gpus'))
  return fromDriver.length > 0 ? fromDriver : readDisplays(join(root, 'sys/class/drm'))
}

function parseRow(row: string): GpuInfo[] {
  const [name, uuid, mebibytes, driver] = row.split(',').map(known)
  if (!name) return []
  const memory = Number(mebibytes ?? Number.NaN)
  return [
    {
      name,
      uuid: uuid ?? null,
      memoryBytes: Number.isFinite(memory) ? memory * 2 ** 20 : null,
      driver: driver ?? null,
    },
  ]
}

/** `[N/A]`, `[Not Supported]`, `[Unknown Error]`: a field that this GPU does not tell. */
function known(field: string): string | null {
  const text = field.trim()
  return text === '' || text.startsWith('[') ? null : text
}

function readDriver(dir: string): GpuInfo[] {
  return list(dir).flatMap((address) => {
    const text = read(join(dir, address, 'information')) ?? ''
    const field = (name: string) => new RegExp(`^${name}:\\s*(.+)$`, 'm').exec(text)?.[1]?.trim() ?? null
    const name = field('Model')
    return name === null ? [] : [{ name, uuid: field('GPU UUID'), memoryBytes: null, driver: null }]
  })
}

function readDisplays(dir: string): GpuInfo[] {
  const cards = list(dir).filter((name) => /^card\d+$/.test(name))
  return cards.flatMap((card) => {
    const vendor = read(join(dir, card, 'device/vendor'))?.trim()
    if (vendor === undefined) return []
    const device = read(join(dir, card, 'device/device'))?.trim() ?? 'unknown'
    const name = `${VENDORS[vendor] ?? `vendor ${vendor}`} device ${device}`
    return [{ name, uuid: null, memoryBytes: null, driver: null }]
  })
}

function list(dir: string): string[] {
  try {
    return readdirSync(dir).sort()
  } catch {
    return []
  }
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
