import { spawn } from 'node:child_process'
import { statSync } from 'node:fs'
import os from 'node:os'
import { expect, onTestFinished, test } from 'vitest'
import { memoryGroup } from '../../src/monitor/system/cgroup-memory.js'
import { CpuMeter, usableCores } from '../../src/monitor/system/cpu.js'
import { DiskMeter } from '../../src/monitor/system/disk.js'
import { MemoryMeter } from '../../src/monitor/system/memory.js'
import { NetworkMeter } from '../../src/monitor/system/network.js'
import { Pace } from '../../src/monitor/system/pace.js'
import { ProcessesMeter } from '../../src/monitor/system/processes.js'
import type { Sample } from '../../src/monitor/system/sample.js'
import { temporaryDirectory } from '../support/directory.js'
import { until } from '../support/until.js'
import { machine } from './support/machine.js'

const linux = test.skipIf(process.platform !== 'linux')
const MIB = 2 ** 20

function busy(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until) Math.sqrt(until)
}

test('the time of the processor is a share of what there is of it', () => {
  const meter = new CpuMeter()
  busy(60)
  const values: Sample = {}
  meter.sample(values)
  expect(values.cpu).toBeGreaterThan(0)
  for (const [name, value] of Object.entries(values)) {
    expect(value, name).toBeGreaterThanOrEqual(0)
    if (name.includes('cpu')) expect(value, name).toBeLessThanOrEqual(101)
  }
})

test('a process that may use a part of the cores is busy in percent of that part', () => {
  const [whole, half] = [new CpuMeter(4), new CpuMeter(2)]
  busy(60)
  const [ofFour, ofTwo]: Sample[] = [{}, {}]
  whole.sample(ofFour!)
  half.sample(ofTwo!)
  expect(ofTwo!.cpu! / ofFour!.cpu!).toBeCloseTo(2, 0)
})

test("a container's limit of the processor counts, whichever version of control groups it has", () => {
  const second = machine()
  second.file('proc/self/cgroup', '0::/\n')
  second.file('sys/fs/cgroup/cpu.max', '50000 100000\n')
  expect(usableCores(second.root)).toBe(0.5)
  const first = machine()
  first.file('proc/self/cgroup', '4:cpu,cpuacct:/docker/x\n')
  first.file('sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_quota_us', '25000\n')
  first.file('sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_period_us', '100000\n')
  expect(usableCores(first.root)).toBe(0.25)
})

test("in a container with a limit, memory is the container's: its limit, its use without file cache", () => {
  const second = machine()
  second.file('proc/self/cgroup', '0::/job\n')
  second.file('sys/fs/cgroup/job/memory.max', `${512 * MIB}\n`)
  second.file('sys/fs/cgroup/job/memory.current', `${300 * MIB}\n`)
  second.file('sys/fs/cgroup/job/memory.stat', `anon 5\nfile 7\ninactive_file ${44 * MIB}\nactive_file 3\n`)
  const first = machine()
  first.file('proc/self/cgroup', '4:memory:/docker/x\n0::/\n')
  first.file('sys/fs/cgroup/memory/docker/x/memory.limit_in_bytes', `${512 * MIB}\n`)
  first.file('sys/fs/cgroup/memory/docker/x/memory.usage_in_bytes', `${300 * MIB}\n`)
  first.file('sys/fs/cgroup/memory/docker/x/memory.stat', `cache 5\ntotal_inactive_file ${44 * MIB}\n`)
  for (const { root } of [first, second]) {
    const values: Sample = {}
    new MemoryMeter(memoryGroup(root)).sample(values)
    expect(values).toMatchObject({
      memory_percent: 50,
      'memory.usedMB': 256,
      'proc.memory.availableMB': 256,
    })
    expect(values['proc.memory.percent']).toBeCloseTo(process.memoryUsage.rss() / ((512 * MIB) / 100), -1)
  }
  expect(memoryGroup(machine().root)).toBe(null)
})

linux('memory, disk, network and load of this machine are there on Linux', () => {
  const values: Sample = {}
  new MemoryMeter(null).sample(values)
  new DiskMeter(temporaryDirectory()).sample(values)
  new NetworkMeter().sample(values)
  new CpuMeter().sample(values)
  for (const name of [
    'memory_percent',
    'memory.usedMB',
    'proc.memory.availableMB',
    'proc.memory.rssMB',
    'proc.memory.percent',
    'proc.cpu.threads',
    'disk./.usageGB',
    'disk./.availableGB',
    'disk./.usagePercent',
    'proc.disk.readMB',
    'proc.disk.writtenMB',
    'network.recv',
    'network.sent',
    'load_average.1m',
  ]) {
    expect(values[name], name).toBeGreaterThanOrEqual(0)
  }
  expect(values['proc.memory.rssMB']).toBeCloseTo(process.memoryUsage.rss() / MIB, -2)
  expect(values['memory.usedMB']! + values['proc.memory.availableMB']!).toBeCloseTo(os.totalmem() / MIB, 3)
})

linux("the run's own disk is found among those of the machine", () => {
  const { root, file } = machine()
  const { dev } = statSync(root)
  const [major, minor] = [(dev >> 8) & 0xfff, (dev & 0xff) + (dev >> 20) * 256]
  const disks = (read: number, written: number) =>
    file(
      'proc/diskstats',
      `   7  9999 loop0 1 1 9 1 1 1 9 1 0 1 1\n ${major} ${minor + 1} vda2 1 1 9 1 1 1 9 1 0 1 1\n ${major} ${minor} vda1 10 0 ${read} 5 20 0 ${written} 5 0 5 5\n`,
    )
  disks(1000, 2000)
  const meter = new DiskMeter(root, root)
  disks(1000 + 2048, 2000 + 4096)
  const values: Sample = {}
  meter.sample(values)
  expect(values).toMatchObject({ 'disk.in': 1, 'disk.out': 2 })
  expect(values).not.toHaveProperty(['proc.disk.readMB'])
})

linux('what a child, and its children, use of the processor and of memory is there', async () => {
  const meter = new ProcessesMeter('/', process.pid, 1, new Pace(Number.POSITIVE_INFINITY))
  const code = "console.log('up'); for (;;);"
  const child = spawn('/bin/sh', ['-c', `"${process.execPath}" -e "${code}" & wait`], {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  })
  onTestFinished(() => void process.kill(-child.pid!, 'SIGKILL'))
  await new Promise((resolve) => child.stdout!.once('data', resolve))
  meter.sample({})
  let values: Sample = {}
  await until('the child has used the processor', () => {
    values = {}
    meter.sample(values)
    return values['proc.children.cpu']! > 0
  })
  expect(values['proc.children.count']).toBeGreaterThanOrEqual(2)
  expect(values['proc.children.rssMB']).toBeGreaterThan(10)
})

test('processes of others are not counted, and the time of a child that has ended is', () => {
  const { root, file } = machine()
  const process = (pid: number, parent: number, own: number, ended: number, pages: number) =>
    file(
      `proc/${pid}/stat`,
      `${pid} (a (b) c) S ${parent} 1 1 0 -1 0 0 0 0 0 ${own} 0 ${ended} 0 20 0 1 0 5 999 ${pages} 0\n`,
    )
  process(10, 1, 50, 0, 7)
  process(11, 10, 0, 0, 100)
  process(12, 11, 0, 0, 200)
  process(13, 1, 1000, 0, 5000)
  const meter = new ProcessesMeter(root, 10, 1, new Pace(Number.POSITIVE_INFINITY))
  process(10, 1, 5000, 0, 7)
  process(12, 11, 1_000_000, 0, 200)
  const first: Sample = {}
  meter.sample(first)
  expect(first['proc.children.count']).toBe(2)
  expect(first['proc.children.rssMB']).toBeGreaterThanOrEqual((300 * 4096) / MIB)
  expect(first['proc.children.cpu']).toBeGreaterThan(0)
  // One that has ended is in its parent's time; one whose parent has ended is nobody's.
  process(11, 10, 0, 3_000_000, 100)
  process(12, 1, 1_000_000, 0, 200)
  const second: Sample = {}
  meter.sample(second)
  expect(second['proc.children.count']).toBe(1)
  expect(second['proc.children.cpu']).toBeGreaterThan(0)
})

test('where the kernel names children, of each thread, no process of others is asked', () => {
  const { root, file } = machine()
  const process = (pid: number, own: number, children: { readonly [thread: number]: string }) => {
    // Not their parent: it would say so to whoever asked all of them.
    file(`proc/${pid}/stat`, `${pid} (a) S 1 1 1 0 -1 0 0 0 0 0 ${own} 0 0 0 20 0 1 0 5 999 100 0\n`)
    for (const [thread, text] of Object.entries(children)) file(`proc/${pid}/task/${thread}/children`, text)
  }
  process(10, 0, { 10: '11 ', 15: '12 13 ' })
  process(11, 0, { 11: '14 ' })
  process(12, 0, { 12: '' })
  process(14, 0, { 14: '' })
  const meter = new ProcessesMeter(root, 10, 1, new Pace(Number.POSITIVE_INFINITY))
  process(14, 1_000_000, { 14: '' })
  const values: Sample = {}
  meter.sample(values)
  // 13 has ended meanwhile.
  expect(values['proc.children.count']).toBe(3)
  expect(values['proc.children.rssMB']).toBeGreaterThanOrEqual((300 * 4096) / MIB)
  expect(values['proc.children.cpu']).toBeGreaterThan(0)
})
