import { addPoint, type Scalars } from './points.js'
import { python } from './python.js'

/** What the Python reader has of a log directory, and what it logged on the way. */
export function readWithEventAccumulator(logdir: string): { scalars: Scalars; log: string } {
  const { stdout, stderr } = python('read_scalars.py', logdir)
  const runs = JSON.parse(stdout) as Record<string, Record<string, [number, number, string][]>>
  const scalars: Scalars = new Map()
  for (const [run, tags] of Object.entries(runs)) {
    for (const [tag, points] of Object.entries(tags)) {
      for (const [wallTime, step, bits] of points) {
        addPoint(scalars, run, tag, { wallTime, step, value: Buffer.from(bits, 'hex').readFloatBE() })
      }
    }
  }
  return { scalars, log: stderr }
}
