import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { Counter } from './counter.js'
import { runTool, whyNot } from './tool.js'

const EVENT = 'instructions:u'

/** Linux' perf, with the processor's counter. `--no-inherit` leaves out the threads of V8: their work varies. */
export const perf: Counter = {
  name: 'perf',
  atOnce: 1,
  async unusable() {
    try {
      // A machine without the counter ends well, and has a text in the number's place.
      return readCount(await runTool('perf', stat(['--log-fd', '1'], ['true']))) === null
        ? 'this machine does not count instructions'
        : null
    } catch (error) {
      return whyNot(error)
    }
  },
  async count(args, scratch) {
    const file = path.join(scratch, 'perf.csv')
    const stdout = await runTool('perf', stat(['--output', file], [process.execPath, ...args]))
    const instructions = readCount(readFileSync(file, 'utf8'))
    if (instructions === null) throw new Error('perf has counted nothing')
    return { instructions, stdout }
  },
}

/** `log`: where the count goes. Without it, to stderr, where the program may write too. */
const stat = (log: readonly string[], command: readonly string[]): string[] => [
  'stat',
  '--no-inherit',
  '--field-separator',
  ',',
  '--event',
  EVENT,
  ...log,
  '--',
  ...command,
]

/** The number before `,,instructions:u,...`; null for `<not supported>` and `<not counted>`. */
function readCount(csv: string): number | null {
  const line = csv.split('\n').find((text) => text.includes(EVENT))
  const count = Number(line?.split(',')[0])
  return Number.isInteger(count) && count > 0 ? count : null
}
