import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import path from 'node:path'
import { defineSink } from '../../src/index.js'

/** Rows as JSON lines in a file of its own: about what the jsonl sink does, as often as a benchmark wants it. */
export default defineSink<{ file: string }, { bytes: number }>(({ file }) => {
  let fd = -1
  let bytes = 0
  return {
    open({ runDir }, state) {
      bytes = state?.bytes ?? 0
      fd = openSync(path.join(runDir, file), 'a')
      ftruncateSync(fd, bytes)
    },
    write({ count, steps, offsets, keys, values, names }) {
      let lines = ''
      for (let row = 0; row < count; row++) {
        const metrics: Record<string, number> = {}
        for (let slot = offsets[row]!; slot < offsets[row + 1]!; slot++)
          metrics[names[keys[slot]!]!] = values[slot]!
        lines += `${JSON.stringify({ step: steps[row], metrics })}\n`
      }
      bytes += writeSync(fd, lines)
      return { state: { bytes } }
    },
    close() {
      closeSync(fd)
    },
  }
})
