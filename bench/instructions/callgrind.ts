import { readFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Counter } from './counter.js'
import { runTool, whyNot } from './tool.js'

/**
 * Valgrind's callgrind: runs every instruction in a machine of its own, about 50 times slower, and so counts the same
 * on a busy machine. V8 writes code while it runs, which `--smc-check` is for.
 */
export const callgrind: Counter = {
  name: 'callgrind',
  atOnce: os.availableParallelism(),
  async unusable() {
    try {
      await runTool('valgrind', ['--version'])
      return null
    } catch (error) {
      return whyNot(error)
    }
  },
  async count(args, scratch) {
    const file = path.join(scratch, 'callgrind')
    const stdout = await runTool('valgrind', [
      '--quiet',
      '--tool=callgrind',
      '--smc-check=all-non-file',
      '--fair-sched=try',
      // V8's other threads compile and collect; how much of that falls into a run varies.
      '--separate-threads=yes',
      `--callgrind-out-file=${file}`,
      process.execPath,
      ...args,
    ])
    const totals = /^totals: (\d+)$/m.exec(readFileSync(`${file}-01`, 'utf8'))
    if (totals === null) throw new Error('callgrind has counted nothing')
    return { instructions: Number(totals[1]), stdout }
  },
}
