import { expect, test } from 'vitest'
import { AmdMeter } from '../../src/monitor/system/amd.js'
import { AppleMeter, addAppleGpus } from '../../src/monitor/system/apple.js'
import { GpuMeter } from '../../src/monitor/system/gpu.js'
import { addGpus, NvidiaMeter } from '../../src/monitor/system/nvidia.js'
import { Pace } from '../../src/monitor/system/pace.js'
import type { Sample } from '../../src/monitor/system/sample.js'
import { machine, NVIDIA_SMI } from './support/machine.js'

const always = () => new Pace(Number.POSITIVE_INFINITY)

test("what nvidia-smi tells of each GPU is there under W&B's names, and what it does not tell is not", () => {
  const values: Sample = {}
  addGpus(
    '0, 87, 40, 20480, 81920, 61, 350.5, 700.00, 1980, 2619, 1965\n1, 0, [N/A], 0, 81920, 33, [N/A], [N/A], [Not Supported], 405, 210\n',
    values,
  )
  expect(values).toEqual({
    'gpu.0.gpu': 87,
    'gpu.0.memory': 40,
    'gpu.0.memoryAllocated': 25,
    'gpu.0.memoryAllocatedBytes': 20480 * 2 ** 20,
    'gpu.0.temp': 61,
    'gpu.0.powerWatts': 350.5,
    'gpu.0.enforcedPowerLimitWatts': 700,
    'gpu.0.powerPercent': 50.07142857142857,
    'gpu.0.smClock': 1980,
    'gpu.0.memoryClock': 2619,
    'gpu.0.graphicsClock': 1965,
    'gpu.1.gpu': 0,
    'gpu.1.memoryAllocated': 0,
    'gpu.1.memoryAllocatedBytes': 0,
    'gpu.1.temp': 33,
    'gpu.1.memoryClock': 405,
    'gpu.1.graphicsClock': 210,
  })
})

test('nvidia-smi is asked in its own words, and each answer is under its own name', async () => {
  const { env, program } = machine()
  program('nvidia-smi', NVIDIA_SMI)
  const values: Sample = {}
  await new NvidiaMeter({ env }).sample(values)
  expect(values).toMatchObject({
    'gpu.0.gpu': 87,
    'gpu.0.memory': 40,
    'gpu.0.memoryAllocated': 25,
    'gpu.0.temp': 61,
    'gpu.0.powerPercent': 50,
    'gpu.0.smClock': 1980,
    'gpu.0.memoryClock': 2619,
    'gpu.1.gpu': 0,
  })
  expect(values).not.toHaveProperty('gpu.1.powerWatts')
})

test('a machine without GPUs is asked once, and nothing is said of it', async () => {
  const { env, program } = machine()
  program(
    'nvidia-smi',
    'echo "NVIDIA-SMI has failed because it could not communicate with the driver"; exit 9',
  )
  const warnings: string[] = []
  const meter = new NvidiaMeter({ env, pace: always(), warn: (message) => warnings.push(message) })
  const values: Sample = {}
  await meter.sample(values)
  program('nvidia-smi', NVIDIA_SMI)
  await meter.sample(values)
  expect(values).toEqual({})
  expect(warnings).toEqual([])
})

test('GPUs that fall silent are warned of, and are back when they answer again', async () => {
  const { env, program } = machine()
  const warnings: string[] = []
  const meter = new NvidiaMeter({ env, pace: always(), warn: (message) => warnings.push(message) })
  const sample = async () => {
    const values: Sample = {}
    await meter.sample(values)
    return values['gpu.0.gpu']
  }
  program('nvidia-smi', NVIDIA_SMI)
  expect(await sample()).toBe(87)
  program('nvidia-smi', 'exit 15')
  expect(await sample()).toBe(undefined)
  expect(warnings.join()).toContain('nvidia-smi does not answer')
  program('nvidia-smi', NVIDIA_SMI)
  expect(await sample()).toBe(87)
})

test('what takes long is done less often', () => {
  let now = 1000
  const pace = new Pace(0.05, () => now)
  expect(pace.due).toBe(true)
  now += 400
  pace.ended(1000)
  now = 1000 + 400 * 20 - 1
  expect(pace.due).toBe(false)
  now++
  expect(pace.due).toBe(true)
})

/** The files of an RX card, as the kernel's documentation has them. */
function amdCard(file: (path: string, text: string) => void, card: string): void {
  const device = `sys/class/drm/${card}/device`
  file(`${device}/gpu_busy_percent`, '73\n')
  file(`${device}/mem_busy_percent`, '12\n')
  file(`${device}/mem_info_vram_used`, `${4 * 2 ** 30}\n`)
  file(`${device}/mem_info_vram_total`, `${16 * 2 ** 30}\n`)
  file(`${device}/hwmon/hwmon5/temp1_input`, '58000\n')
  file(`${device}/hwmon/hwmon5/power1_average`, '150000000\n')
  file(`${device}/hwmon/hwmon5/power1_cap`, '300000000\n')
  file(`${device}/hwmon/hwmon5/freq1_input`, '2500000000\n')
}

const AMD = {
  gpu: 73,
  memory: 12,
  memoryAllocated: 25,
  memoryAllocatedBytes: 4 * 2 ** 30,
  temp: 58,
  powerWatts: 150,
  enforcedPowerLimitWatts: 300,
  powerPercent: 50,
  smClock: 2500,
}

test("AMD's GPUs are read from the files of their driver; a display of another maker is none", () => {
  const { root, file } = machine()
  file('sys/class/drm/card0/device/vendor', '0x8086\n')
  amdCard(file, 'card10')
  file('sys/class/drm/card2/device/gpu_busy_percent', '5\n')
  file('sys/class/drm/card10-DP-1/status', 'connected\n')
  const values: Sample = {}
  new AmdMeter(root).sample(values, 0)
  const card10 = Object.entries(AMD).map(([name, value]) => [`gpu.1.${name}`, value])
  expect(Object.keys(values).sort()).toEqual(['gpu.0.gpu', ...card10.map(([name]) => name)].sort())
  for (const [name, value] of card10) expect(values[name!], String(name)).toBeCloseTo(Number(value), 6)
})

test('GPUs of another maker are numbered behind those of NVIDIA, also while nvidia-smi is silent', async () => {
  const { root, env, file, program } = machine()
  amdCard(file, 'card0')
  program('nvidia-smi', NVIDIA_SMI)
  const meter = new GpuMeter({ root, env, pace: always() })
  const values: Sample = {}
  await meter.sample(values)
  expect(values).toMatchObject({ 'gpu.0.gpu': 87, 'gpu.1.gpu': 0, 'gpu.2.gpu': 73 })
  program('nvidia-smi', 'exit 15')
  const later: Sample = {}
  await meter.sample(later)
  expect(later).toHaveProperty(['gpu.2.gpu'], 73)
  expect(later).not.toHaveProperty(['gpu.0.gpu'])
})

const IOREG = `+-o AGXAcceleratorG13X  <class AGXAcceleratorG13X, id 0x1000003a9, registered, matched, active>
    {
      "IOClass" = "AGXAcceleratorG13X"
      "PerformanceStatistics" = {"In use system memory (driver)"=0,"Alloc system memory"=4136468480,"Tiler Utilization %"=9,"recoveryCount"=0,"Renderer Utilization %"=10,"Device Utilization %"=11,"In use system memory"=1036468480}
    }`

test("a Mac's GPU is what ioreg tells of it, and other machines are not asked", async () => {
  const values: Sample = {}
  addAppleGpus(IOREG, values, 0)
  expect(values).toEqual({ 'gpu.0.gpu': 11, 'gpu.0.memoryAllocatedBytes': 1036468480 })
  const { env, program } = machine()
  program('ioreg', `cat <<'END'\n${IOREG}\nEND`)
  const [mac, other]: Sample[] = [{}, {}]
  await new AppleMeter(true, env).sample(mac!, 1)
  await new AppleMeter(false, env).sample(other!, 1)
  expect(mac).toHaveProperty(['gpu.1.gpu'], 11)
  expect(other).toEqual({})
})
