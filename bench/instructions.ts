import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Benchmark, Figure, Settings } from './benchmark.js'
import { withDirectory } from './directory.js'
import { type Counter, findCounter } from './instructions/counter.js'
import { BASE, type Drained, type Kind, twice, type Work } from './instructions/work.js'
import { median } from './statistics.js'

const PROGRAM = fileURLToPath(new URL('./programs/instructions.js', import.meta.url))

/**
 * What other threads of V8 do, and when, differs from run to run. The optimised code is the usual one, compiled at once;
 * nothing is collected, as the young generation holds it all.
 */
const STEADY = [
  '--expose-gc',
  '--no-concurrent-recompilation',
  '--single-threaded-gc',
  '--min-semi-space-size=64',
  '--max-semi-space-size=64',
  '--hash-seed=1',
  '--random-seed=1',
]

/** How many of what one kind's difference is divided by. */
const SHOWN: readonly { kind: Kind; name: string; units: (base: Drained, more: Drained) => number }[] = [
  { kind: 'clock', name: 'Date.now()', units: () => BASE.clock },
  { kind: 'scalar', name: 'scalar.log(value, step)', units: () => BASE.scalar },
  { kind: 'row', name: 'run.log of 10 metrics, with its literal', units: () => BASE.row },
  {
    kind: 'scalarPasses',
    name: 'ring to journal, per row of 1',
    units: (base, more) => more.scalars - base.scalars,
  },
  { kind: 'rowPasses', name: 'ring to journal, per row of 10', units: (base, more) => more.rows - base.rows },
]

interface Sample {
  readonly instructions: number
  readonly drained: Drained
}

export const instructions: Benchmark = {
  name: 'instructions',
  about: 'instructions of a log call and of the drain: the same on a busy machine',
  scopes: ['hot-path'],
  async run({ quick }: Settings): Promise<Figure[]> {
    const counter = await findCounter()
    if (typeof counter === 'string') {
      return [{ name: 'instructions: not measured', measured: 0, unit: '', note: counter }]
    }
    const kinds = SHOWN.filter(({ kind }) => !quick || kind === 'scalar')
    const repeats = quick ? 1 : 3
    const works = [BASE, ...kinds.map(({ kind }) => twice(kind))]
    const samples = await withDirectory((dir) =>
      measureAll(counter, Array.from({ length: repeats }, () => works).flat(), dir),
    )
    return kinds.map(({ name, units }, index) => {
      const counts = Array.from({ length: repeats }, (_, repeat) => {
        const base = samples[repeat * works.length]!
        const more = samples[repeat * works.length + index + 1]!
        return (more.instructions - base.instructions) / units(base.drained, more.drained)
      })
      const spread = `${Math.min(...counts).toFixed(1)} to ${Math.max(...counts).toFixed(1)} in ${repeats}`
      return {
        name,
        measured: median(counts),
        unit: 'instructions',
        note: `${counter.name}, user mode; ${spread}`,
      }
    })
  },
}

/** One process for each, as many at a time as the counter allows; in their order. */
async function measureAll(counter: Counter, works: readonly Work[], dir: string): Promise<Sample[]> {
  const samples: Sample[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < works.length) {
      const index = next++
      samples[index] = await measure(counter, works[index]!, path.join(dir, String(index)))
    }
  }
  await Promise.all(Array.from({ length: counter.atOnce }, worker))
  return samples
}

async function measure(counter: Counter, work: Work, dir: string): Promise<Sample> {
  mkdirSync(dir)
  const { instructions, stdout } = await counter.count(
    [...STEADY, PROGRAM, JSON.stringify({ dir, work })],
    dir,
  )
  return { instructions, drained: JSON.parse(stdout.trim().split('\n').at(-1)!) as Drained }
}
