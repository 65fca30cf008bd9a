import type { Figure } from '../benchmark.js'
import { withDirectory } from '../directory.js'
import { isolate } from '../isolate.js'
import { median } from '../statistics.js'

interface Speeds {
  /** Bytes per millisecond, by round. */
  readonly journal: readonly number[]
  readonly before: readonly number[]
  readonly after: readonly number[]
  readonly bytes: number
  readonly writes: number
  readonly syncs: number
}

/** The journal with its syncs beside a plain file with the same writes and syncs: what the disk gives. */
export async function diskFigures(quick: boolean): Promise<Figure[]> {
  const speeds = await withDirectory((dir) =>
    isolate<Speeds>('limits-disk', { dir, mebibytes: quick ? 24 : 200, rounds: quick ? 1 : 7 }),
  )
  const { journal, before, after, bytes, writes, syncs } = speeds
  const plain = before.map((speed, round) => 2 / (1 / speed + 1 / after[round]!))
  return [
    {
      name: 'journal with its syncs: the disk is faster by',
      measured: median(plain.map((speed, round) => speed / journal[round]!)),
      unit: 'x',
      target: { atMost: 2 },
      note: `${megabytes(journal)} MB/s; a plain file ${megabytes(before)} before, ${megabytes(after)} after it`,
    },
    {
      name: '... bytes to a sync',
      measured: bytes / syncs / 2 ** 20,
      unit: 'MiB',
      note: `${writes} writes and ${syncs} syncs of ${(bytes / 1e6).toFixed(0)} MB; the plain file's are the same`,
    },
  ]
}

const megabytes = (speeds: readonly number[]): string => (median(speeds) / 1000).toFixed(0)
