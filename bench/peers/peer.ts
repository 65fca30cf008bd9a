import type { Latencies } from '../chart.js'

/** What every tracker and logger is given to do, one call at a time. */
export const WORKS = ['one', 'ten', 'hundred', 'histogram'] as const
/** Scalars in a row: 1, 10, 100; or a histogram of 10,000 float32. */
export type Work = (typeof WORKS)[number]

export const HISTOGRAM_VALUES = 10_000

export const WORK_NAMES: { readonly [work in Work]: string } = {
  one: '1 scalar',
  ten: '10 scalars',
  hundred: '100 scalars',
  histogram: 'a histogram of 10,000',
}

/** The peer that the others are held against; names of other set-ups of it begin so too. */
export const OURS = 'offstep'

/** Steps a second where latencies are measured. Nobody logs histograms as often as scalars. */
export const PACE: { readonly [work in Work]: number } = {
  one: 1000,
  ten: 1000,
  hundred: 1000,
  histogram: 100,
}

/** One peer doing one work. Programs in other languages report the same. */
export interface PeerMeasured {
  readonly name: string
  readonly version: string
  readonly work: Work
  /** Nanoseconds that a call takes of its caller: mean of a tight loop, median of the rounds; no flush is in it. */
  readonly callNs: number
  /** Of single calls at a steady pace. */
  readonly latencies: Latencies
  /** The same with what the peer puts off to the caller's own event loop, where it has one. */
  readonly held?: Latencies
  readonly sustained: Sustained
  /** Most memory of the process and those that it starts, above the same program without a logger. */
  readonly rssMiB: number
  /** The same where it only kept the steady pace. */
  readonly pacedRssMiB?: number
  /** CPU time of the calling thread for a row, with what the peer puts off to the event loop. */
  readonly threadNs?: number
  /** On disk, or of the requests that brought the rows to the server. */
  readonly bytesPerRow: number
  readonly logged: number
  /** Rows that a reader finds that is not the writer. */
  readonly arrived: number
  readonly note?: string
}

/** As many rows as fit in some seconds, in a tight loop, with the peer's own back-pressure. */
export interface Sustained {
  readonly rows: number
  readonly callerSeconds: number
  /** From the first call until everything is on disk or at the server. */
  readonly writtenSeconds: number
}

export interface PeerMissing {
  readonly name: string
  /** Why there is no measurement, in one sentence. */
  readonly missing: string
}

export type PeerResult = PeerMeasured | PeerMissing

export const isMeasured = (result: PeerResult): result is PeerMeasured => !('missing' in result)
