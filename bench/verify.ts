import type { Benchmark, Figure, Settings } from './benchmark.js'
import { withDirectory } from './directory.js'
import { isolate } from './isolate.js'

interface Verified {
  readonly megabytes: number
  readonly journalMs: number
  readonly sinkMs: { readonly [sink: string]: number }
  readonly allMs: number
  readonly memoryMib: number
}

const SINKS = ['jsonl', 'csv', 'tensorboard', 'summary']
/** A run of 64 MiB of journal has 500 MiB of files; the journal alone may be larger. */
const SINKS_MIB = 64

export const verify: Benchmark = {
  name: 'verify',
  about: 'megabytes of journal a second that offstep verify checks, alone and against each sink',
  scopes: ['reading'],
  async run({ quick }: Settings): Promise<Figure[]> {
    const mebibytes = Number(process.env.OFFSTEP_BENCH_JOURNAL_MIB) || (quick ? 32 : 256)
    const alone = await withDirectory((dir) => isolate<Verified>('verify', { dir, mebibytes, sinks: [] }))
    const sinksMib = Math.min(mebibytes, quick ? 16 : SINKS_MIB)
    const all = await withDirectory((dir) =>
      isolate<Verified>('verify', { dir, mebibytes: sinksMib, sinks: SINKS }),
    )
    const perSecond = ({ megabytes }: Verified, milliseconds: number): number =>
      (megabytes / milliseconds) * 1000
    return [
      {
        name: `the journal, ${mebibytes} MiB`,
        measured: perSecond(alone, alone.journalMs),
        unit: 'MB/s',
        target: { atLeast: 300 },
      },
      ...SINKS.map((sink) => ({
        name: `${sink} against the journal`,
        measured: perSecond(all, all.sinkMs[sink]!),
        unit: 'MB/s',
        note: 'of journal; rows of 10 scalars',
      })),
      {
        name: 'a whole run',
        measured: perSecond(all, all.allMs),
        unit: 'MB/s',
        note: `${sinksMib} MiB of journal`,
      },
      { name: 'memory above the start', measured: Math.max(alone.memoryMib, all.memoryMib), unit: 'MiB' },
    ]
  },
}
