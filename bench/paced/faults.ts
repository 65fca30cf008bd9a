import os from 'node:os'
import { withDirectory, withSmallDisk } from '../directory.js'
import { withServer } from './server.js'
import { withSpinners } from './spinners.js'

/** What the measuring program gets of its surroundings. */
export interface Place {
  readonly dir: string
  /** Where the W&B sink goes, where there is one. */
  readonly baseUrl?: string
}

interface Surroundings {
  readonly name: string
  /** False where the machine itself is what is short, and not something beside the log call. */
  readonly hasTargets: boolean
  /** Null where it takes something that this system does not give. */
  around<T>(body: (place: Place) => Promise<T>): Promise<T | null>
}

const DISK_MIB = 64
const cores = os.availableParallelism()

const inDirectory = <T>(body: (place: Place) => Promise<T>) => withDirectory((dir) => body({ dir }))

/** A place from which `programs/paced.ts` makes the rest. */
const plain = (name: string): Surroundings => ({ name, hasTargets: true, around: inDirectory })

const atServer = (name: string, manner: 'silent' | 'gone' | 'busy'): Surroundings => ({
  name,
  hasTargets: true,
  around: (body) => withServer(manner, (baseUrl) => withDirectory((dir) => body({ dir, baseUrl }))),
})

const besideSpinners = (name: string, count: number, hasTargets: boolean): Surroundings => ({
  name,
  hasTargets,
  around: (body) => withSpinners(count, () => inDirectory(body)),
})

export const SURROUNDINGS = {
  none: plain('healthy'),
  'server-silent': atServer('server never answers', 'silent'),
  'server-gone': atServer('server refuses connections', 'gone'),
  'server-busy': atServer('server answers 429', 'busy'),
  'disk-full': {
    name: 'disk full',
    hasTargets: true,
    around: (body) => withSmallDisk(DISK_MIB, (dir) => body({ dir })),
  },
  'sink-hangs': plain('sink hangs'),
  'sink-spins': plain('sink spins'),
  'drain-killed': plain('drain killed each second'),
  'other-cores-taken': besideSpinners('other cores taken', cores - 1, true),
  'all-cores-taken': besideSpinners('all cores taken', cores, false),
} as const satisfies { readonly [fault: string]: Surroundings }

export type Fault = keyof typeof SURROUNDINGS
export const FAULTS = Object.keys(SURROUNDINGS) as readonly Fault[]
