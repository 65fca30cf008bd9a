import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os, { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readCgroup } from '../../src/daemon/context/cgroup.js'
import { listGpus } from '../../src/daemon/context/gpu.js'
import { readHardware } from '../../src/daemon/context/hardware.js'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'offstep-hardware-'))
})
afterEach(() => rmSync(root, { recursive: true }))

function file(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

/** A program called nvidia-smi, first on the PATH. */
function nvidiaSmi(script: string): NodeJS.ProcessEnv {
  file('bin/nvidia-smi', `#!/bin/sh\n${script}\n`)
  chmodSync(join(root, 'bin/nvidia-smi'), 0o755)
  return { PATH: `${join(root, 'bin')}:/usr/bin:/bin` }
}

const GIB = 2 ** 30
const none = { memoryLimitBytes: null, cpuLimitCores: null }

describe('readCgroup', () => {
  test('reads the limits of version 2', () => {
    file('proc/self/cgroup', '0::/\n')
    file('sys/fs/cgroup/memory.max', `${4 * GIB}\n`)
    file('sys/fs/cgroup/cpu.max', '150000 100000\n')
    expect(readCgroup(root)).toEqual({ memoryLimitBytes: 4 * GIB, cpuLimitCores: 1.5 })
  })

  test('takes the tightest limit of the group and its ancestors', () => {
    file('proc/self/cgroup', '0::/user.slice/job\n')
    file('sys/fs/cgroup/user.slice/memory.max', `${GIB}\n`)
    file('sys/fs/cgroup/user.slice/job/memory.max', `${4 * GIB}\n`)
    file('sys/fs/cgroup/user.slice/job/cpu.max', '200000 100000\n')
    file('sys/fs/cgroup/cpu.max', 'max 100000\n')
    expect(readCgroup(root)).toEqual({ memoryLimitBytes: GIB, cpuLimitCores: 2 })
  })

  test('"max" is no limit', () => {
    file('proc/self/cgroup', '0::/\n')
    file('sys/fs/cgroup/memory.max', 'max\n')
    file('sys/fs/cgroup/cpu.max', 'max 100000\n')
    expect(readCgroup(root)).toEqual(none)
  })

  test('reads the limits of version 1 where the path is that of the host', () => {
    file('proc/self/cgroup', '5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n1:name=systemd:/docker/abc\n')
    file('sys/fs/cgroup/memory/memory.limit_in_bytes', `${2 * GIB}\n`)
    file('sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us', '50000\n')
    file('sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us', '100000\n')
    expect(readCgroup(root)).toEqual({ memoryLimitBytes: 2 * GIB, cpuLimitCores: 0.5 })
  })

  test('the unlimited values of version 1 are no limit', () => {
    file('proc/self/cgroup', '5:cpu,cpuacct:/\n4:memory:/\n')
    file('sys/fs/cgroup/memory/memory.limit_in_bytes', '9223372036854771712\n')
    file('sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us', '-1\n')
    file('sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us', '100000\n')
    expect(readCgroup(root)).toEqual(none)
  })

  test('finds nothing where there are no such files', () => {
    expect(readCgroup(root)).toEqual(none)
    file('proc/self/cgroup', 'garbage\n0::/../../x\n')
    expect(readCgroup(root)).toEqual(none)
  })
})

describe('listGpus', () => {
  const linux = () => ({ root, platform: 'linux' as const, env: { PATH: join(root, 'none') } })

  test('reads the answer of nvidia-smi, and what it does not tell is null', async () => {
    const rows = 'NVIDIA H200, GPU-1-2, 143771, 570.86.15\\nNVIDIA GB10, GPU-3, [N/A], 580.1\\n'
    expect(await listGpus({ ...linux(), env: nvidiaSmi(`printf '${rows}'`) })).toEqual([
      { name: 'NVIDIA H200', uuid: 'GPU-1-2', memoryBytes: 143_771 * 2 ** 20, driver: '570.86.15' },
      { name: 'NVIDIA GB10', uuid: 'GPU-3', memoryBytes: null, driver: '580.1' },
    ])
  })

  test('asks nvidia-smi for four fields as bare CSV', async () => {
    const [gpu] = (await listGpus({ ...linux(), env: nvidiaSmi('echo "$#; $1; $2" | tr , +') })) ?? []
    expect(gpu?.name).toBe(
      '2; --query-gpu=name+uuid+memory.total+driver_version; --format=csv+noheader+nounits',
    )
  })

  test('asks the driver where nvidia-smi fails', async () => {
    const text = 'Model: \t\t NVIDIA A100-SXM4-40GB\nIRQ:   \t\t 42\nGPU UUID: \t GPU-9\n'
    file('proc/driver/nvidia/gpus/0000:07:00.0/information', text)
    expect(await listGpus({ ...linux(), env: nvidiaSmi('echo "driver mismatch"; exit 18') })).toEqual([
      { name: 'NVIDIA A100-SXM4-40GB', uuid: 'GPU-9', memoryBytes: null, driver: null },
    ])
  })

  test('asks the kernel for display devices where there is no NVIDIA driver', async () => {
    file('sys/class/drm/card0/device/vendor', '0x1002\n')
    file('sys/class/drm/card0/device/device', '0x74a1\n')
    file('sys/class/drm/card0-DP-1/device/vendor', '0x1002\n')
    file('sys/class/drm/card1/device/vendor', '0x1af4\n')
    expect((await listGpus(linux()))?.map(({ name }) => name)).toEqual([
      'AMD device 0x74a1',
      'vendor 0x1af4 device unknown',
    ])
  })

  test('finds none where there is none', async () => {
    expect(await listGpus(linux())).toEqual([])
  })

  test('does not wait for an nvidia-smi that hangs', async () => {
    expect(await listGpus({ ...linux(), env: nvidiaSmi('exec sleep 60'), timeoutMs: 100 })).toEqual([])
  })

  test('cannot know on macOS', async () => {
    expect(await listGpus({ ...linux(), platform: 'darwin' })).toBeNull()
  })
})

test('readHardware tells what this machine is', async () => {
  const hardware = await readHardware({ root, env: { PATH: root } })
  expect(hardware).toMatchObject({
    os: os.type(),
    platform: process.platform,
    arch: process.arch,
    hostname: os.hostname(),
    memoryBytes: os.totalmem(),
    ...none,
  })
  expect(hardware.cores).toBeGreaterThan(0)
})
