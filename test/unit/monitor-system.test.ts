import { expect, test } from 'vitest'
import { CpuMeter } from '../../src/monitor/system/cpu.js'
import { DiskMeter } from '../../src/monitor/system/disk.js'
import { addGpus } from '../../src/monitor/system/gpu.js'
import { MemoryMeter } from '../../src/monitor/system/memory.js'
import { NetworkMeter } from '../../src/monitor/system/network.js'
import type { Sample } from '../../src/monitor/system/sample.js'
import { temporaryDirectory } from '../support/directory.js'

test("what nvidia-smi tells of each GPU is there under W&B's names, and what it does not tell is not", () => {
  const values: Sample = {}
  addGpus('0, 87, 40, 20480, 81920, 61, 350.5, 700.00\n1, 0, [N/A], 0, 81920, 33, [N/A], [N/A]\n', values)
  expect(values).toEqual({
    'gpu.0.gpu': 87,
    'gpu.0.memory': 40,
    'gpu.0.memoryAllocated': 25,
    'gpu.0.memoryAllocatedBytes': 20480 * 2 ** 20,
    'gpu.0.temp': 61,
    'gpu.0.powerWatts': 350.5,
    'gpu.0.enforcedPowerLimitWatts': 700,
    'gpu.0.powerPercent': 50.07142857142857,
    'gpu.1.gpu': 0,
    'gpu.1.memoryAllocated': 0,
    'gpu.1.memoryAllocatedBytes': 0,
    'gpu.1.temp': 33,
  })
})

test('the time of the processor is a share of what there is of it', () => {
  const meter = new CpuMeter()
  const until = performance.now() + 60
  while (performance.now() < until) Math.sqrt(until)
  const values: Sample = {}
  meter.sample(values)
  expect(values.cpu).toBeGreaterThan(0)
  for (const [name, value] of Object.entries(values)) {
    expect(value, name).toBeGreaterThanOrEqual(0)
    expect(value, name).toBeLessThanOrEqual(101)
  }
})

test.skipIf(process.platform !== 'linux')(
  'memory, disk and network of this machine are there on Linux',
  () => {
    const values: Sample = {}
    new MemoryMeter().sample(values)
    new DiskMeter(temporaryDirectory()).sample(values)
    new NetworkMeter().sample(values)
    for (const name of [
      'memory_percent',
      'proc.memory.availableMB',
      'proc.memory.rssMB',
      'proc.memory.percent',
      'proc.cpu.threads',
      'disk./.usageGB',
      'disk./.usagePercent',
      'network.recv',
      'network.sent',
    ]) {
      expect(values[name], name).toBeGreaterThanOrEqual(0)
    }
    expect(values['proc.memory.rssMB']).toBeCloseTo(process.memoryUsage.rss() / 2 ** 20, -2)
  },
)
