import type { Work } from '../peer.js'

/** `calls`: what single calls cost; `flood`: how many rows get through. Each is a process of its own. */
export type Phase = 'calls' | 'flood'

/** One way to log from Node. What it needs is loaded by `open()`: the memory of the others is without it. */
export interface Peer {
  readonly name: string
  readonly works: readonly Work[]
  /** Its rows go to a W&B server, which counts them. */
  readonly server?: true
  /** One sentence where it cannot be measured here. */
  missing?(): Promise<string | null>
  version(): string
  /** `dir` is empty, and its alone. */
  open(dir: string, work: Work, phase: Phase): Promise<OpenPeer>
  /** Rows in what it has written, found by a reader that is not the writer. */
  arrived(dir: string, work: Work): number | Promise<number>
}

export interface OpenPeer {
  /** The call that is measured, the making of its row included. */
  readonly log: (value: number, step: number) => void
  /** Back-pressure that a caller has to see to itself: what to wait for before the next call, or null. */
  full?(): Promise<unknown> | null
  /** Lets the queue drain. */
  flush(): Promise<void>
  /** Where that is not all: until nothing of it runs in other threads either. */
  settle?(): Promise<void>
  /** Until everything is on the disk, or at the server. */
  close(): Promise<void>
}

export const SCALARS: readonly Work[] = ['one', 'ten', 'hundred']
export const ALL: readonly Work[] = [...SCALARS, 'histogram']

/** One turn of the event loop: what was put off to it is done, and what has come from other threads is taken. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
