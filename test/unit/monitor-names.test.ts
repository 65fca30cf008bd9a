import { expect, test } from 'vitest'
import { mlflowSystemName, mlflowSystemValue, tensorBoardSystemName } from '../../src/monitor/system/names.js'

test("what MLflow's client samples has the name and the unit that it has there", () => {
  const inMlflow = (name: string, value: number) => [mlflowSystemName(name), mlflowSystemValue(name, value)]
  expect(inMlflow('gpu.0.gpu', 87)).toEqual(['system/gpu_0_utilization_percentage', 87])
  expect(inMlflow('gpu.11.memoryAllocated', 25)).toEqual(['system/gpu_11_memory_usage_percentage', 25])
  expect(inMlflow('gpu.0.memoryAllocatedBytes', 3e9)).toEqual(['system/gpu_0_memory_usage_megabytes', 3000])
  expect(inMlflow('gpu.0.powerWatts', 350)).toEqual(['system/gpu_0_power_usage_watts', 350])
  expect(inMlflow('gpu.0.powerPercent', 50)).toEqual(['system/gpu_0_power_usage_percentage', 50])
  expect(inMlflow('cpu.total_percent', 12)).toEqual(['system/cpu_utilization_percentage', 12])
  expect(inMlflow('memory_percent', 60)).toEqual(['system/system_memory_usage_percentage', 60])
  expect(inMlflow('network.recv', 5e6)).toEqual(['system/network_receive_megabytes', 5])
  expect(inMlflow('network.sent', 5e6)).toEqual(['system/network_transmit_megabytes', 5])
  expect(inMlflow('disk./.usagePercent', 80)).toEqual(['system/disk_usage_percentage', 80])
  const [memory, megabytes] = inMlflow('memory.usedMB', 1000)
  expect(memory).toBe('system/system_memory_usage_megabytes')
  expect(megabytes).toBeCloseTo(1048.576, 9)
  const [disk, used] = inMlflow('disk./.usageGB', 1)
  expect(disk).toBe('system/disk_usage_megabytes')
  expect(used).toBeCloseTo(1073.741824, 9)
  expect(mlflowSystemName('disk./.availableGB')).toBe('system/disk_available_megabytes')
})

test('what MLflow has no name for has one that it takes, and no two are the same', () => {
  const names = [
    'cpu',
    'cpu.0.cpu_percent',
    'load_average.15m',
    'nodejs.eventloop.delay.maxMs',
    'nodejs.heap.usedMB',
    'proc.children.cpu',
    'proc.memory.rssMB',
    'gpu.0.smClock',
    'tfjs.numTensors',
    'disk.in',
    'proc.disk.readMB',
  ]
  const mapped = names.map(mlflowSystemName)
  for (const name of mapped) expect(name).toMatch(/^system\/[a-z0-9_]+$/)
  expect(new Set(mapped).size).toBe(names.length)
  expect(mlflowSystemName('nodejs.heap.usedMB')).toBe('system/nodejs_heap_used_mb')
  expect(mlflowSystemValue('nodejs.heap.usedMB', 7)).toBe(7)
})

test('TensorBoard has them under system/, without the single cores', () => {
  expect(tensorBoardSystemName('gpu.0.gpu')).toBe('system/gpu.0.gpu')
  expect(tensorBoardSystemName('cpu')).toBe('system/cpu')
  expect(tensorBoardSystemName('cpu.total_percent')).toBe('system/cpu.total_percent')
  expect(tensorBoardSystemName('cpu.12.cpu_percent')).toBe(null)
})
