/**
 * Logs a thousand rows a second until it is killed. From the first one that is journaled on, it tells each of them,
 * once it is accepted, through a pipe: its number, the time, and how long the first was not journaled. What was
 * told survives the kill in the pipe.
 */
import { writeSync } from 'node:fs'
import { init } from '../../src/index.js'
import { parameters } from './support.js'

const { dir } = parameters<{ dir: string }>()
const run = init({ dir, id: 'killed', git: false, recover: false })
const loss = run.scalar('train/loss')
const told = new Float64Array(3)
const idle = new Int32Array(new SharedArrayBuffer(4))
const start = performance.now()
for (let step = 0; ; step++) {
  loss.log(step, step)
  if (told[2] === 0 && run.status().journaled > 0) told[2] = performance.now() - start
  told[0] = step
  told[1] = performance.timeOrigin + performance.now()
  if (told[2]! > 0) tell()
  const wait = start + step + 1 - performance.now()
  if (wait > 0) Atomics.wait(idle, 0, 0, wait)
}

/** Waits while the pipe is full: the reader is on the same busy machine. */
function tell(): void {
  for (let done = 0; done < told.byteLength; ) {
    try {
      done += writeSync(1, told, done, told.byteLength - done)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      Atomics.wait(idle, 0, 0, 1)
    }
  }
}
