import fs from 'node:fs'
import path from 'node:path'
import { crc32 } from 'node:zlib'
import type { MediaRecord } from '../record/media.js'
import { writeFileAtomic } from '../store/atomic-file.js'

/**
 * A run that was resumed from an earlier step than its dead process had reached. Rows that the process had logged
 * after that step stay in the journal, and are superseded: readers leave them out, sinks that hold them are made anew.
 */
export interface Rewind {
  /** Rows with a later step, or all (`start`), are superseded, */
  readonly step: number | 'start'
  /** if their sequence number is below this one of their producer. */
  readonly before: { readonly [producer: string]: number }
  /** Milliseconds since the epoch. */
  readonly time: number
}

const FILE = 'rewinds.json'

/** What happened, and does not belong to a step: it stays. Everything else is logged again by who trains again. */
const LASTING: ReadonlySet<MediaRecord['kind']> = new Set<MediaRecord['kind']>([
  'config',
  'metric',
  'alert',
  'console',
  'file',
  'artifact',
  'resume',
])

export const outlivesRewind = ({ kind }: MediaRecord): boolean => LASTING.has(kind)

/** Of a journal's directory, oldest first. Throws where the file is damaged: without it rows would count twice. */
export function readRewinds(directory: string): readonly Rewind[] {
  const file = path.join(directory, FILE)
  let text: string
  try {
    text = fs.readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
  const rewinds = decode(text)
  if (rewinds !== null) return rewinds
  throw new RewindsError(
    `${file} is damaged: restore it, or remove it to have all rows of all processes of the run`,
  )
}

/** Nobody can tell which rows are superseded. The message says what to do. */
export class RewindsError extends Error {
  readonly code = 'OFFSTEP_REWINDS'
  readonly retryable = false

  constructor(message: string) {
    super(message)
    this.name = 'RewindsError'
  }
}

/** On the disk when this returns. For the owner of the run's lock. */
export function addRewind(directory: string, rewind: Rewind): void {
  const rewinds = [...readRewinds(directory), rewind]
  const json = JSON.stringify(rewinds)
  writeFileAtomic(path.join(directory, FILE), JSON.stringify({ crc32: crc32(json), rewinds }), { sync: true })
}

function decode(text: string): readonly Rewind[] | null {
  try {
    const { crc32: expected, rewinds } = JSON.parse(text) as { crc32: number; rewinds: Rewind[] }
    return crc32(JSON.stringify(rewinds)) === expected ? rewinds : null
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return null
    throw error
  }
}

/** Which rows are superseded. Asked of every row: what it costs does not grow with the number of rewinds. */
export class Superseded {
  readonly #rewinds: readonly Rewind[]
  /** The lowest step of each rewind and those after it: a later one concerns every row that an earlier one does. */
  readonly #lowest: readonly number[]
  readonly #before = new Map<number, readonly number[]>()

  constructor(rewinds: readonly Rewind[]) {
    this.#rewinds = rewinds
    let lowest = Number.POSITIVE_INFINITY
    const backwards = rewinds.toReversed().map(({ step }) => {
      lowest = Math.min(lowest, step === 'start' ? Number.NEGATIVE_INFINITY : step)
      return lowest
    })
    this.#lowest = backwards.reverse()
  }

  has(producer: number, sequence: number, step: number): boolean {
    const before = this.#beforeOf(producer)
    // Rows of the newest process: most questions.
    if (sequence >= before.at(-1)!) return false
    let low = 0
    for (let high = before.length - 1; low < high; ) {
      const middle = (low + high) >>> 1
      if (sequence < before[middle]!) high = middle
      else low = middle + 1
    }
    return step > this.#lowest[low]!
  }

  /** Ascending: sequence numbers only grow. */
  #beforeOf(producer: number): readonly number[] {
    let before = this.#before.get(producer)
    if (before === undefined) {
      before = this.#rewinds.map(({ before }) => before[producer] ?? 0)
      this.#before.set(producer, before)
    }
    return before
  }
}

/** Null where nothing is: most journals. */
export function readSuperseded(directory: string): Superseded | null {
  const rewinds = readRewinds(directory)
  return rewinds.length === 0 ? null : new Superseded(rewinds)
}
