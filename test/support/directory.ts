import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** An empty directory, removed when the test is over. `onFinished`: a concurrent test has to give its own. */
export function temporaryDirectory(onFinished: (action: () => void) => void = onTestFinished): string {
  const path = mkdtempSync(join(tmpdir(), 'offstep-test-'))
  onFinished(() => remove(path))
  return path
}

const idle = new Int32Array(new SharedArrayBuffer(4))

/** A run that was cut off at its deadline may have a thread that still writes for some milliseconds. */
function remove(path: string): void {
  for (let attempts = 1; ; attempts++) {
    try {
      rmSync(path, { recursive: true, force: true })
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY' || attempts === 100) throw error
      Atomics.wait(idle, 0, 0, 20)
    }
  }
}

const mount = (...args: string[]): boolean => spawnSync('mount', args, { stdio: 'ignore' }).status === 0
const unmount = (path: string): void => {
  spawnSync('umount', ['-l', path], { stdio: 'ignore' })
}

/** True where this user may mount: only then can a disk be made full or read-only (root ignores permissions). */
export const CAN_MOUNT = (() => {
  const path = mkdtempSync(join(tmpdir(), 'offstep-mount-'))
  const can = mount('-t', 'tmpfs', '-o', 'size=1m', 'none', path)
  if (can) unmount(path)
  rmSync(path, { recursive: true, force: true })
  return can
})()

/** A file system of its own that holds `size`, unmounted when the test is over. */
export function smallDisk(size: string): { path: string; remount(options: string): void } {
  const path = join(temporaryDirectory(), 'disk')
  mkdirSync(path)
  if (!mount('-t', 'tmpfs', '-o', `size=${size}`, 'none', path)) throw new Error('cannot mount a tmpfs')
  onTestFinished(() => unmount(path))
  return {
    path,
    remount(options) {
      if (!mount('-o', `remount,${options}`, path)) throw new Error(`cannot remount with ${options}`)
    },
  }
}
