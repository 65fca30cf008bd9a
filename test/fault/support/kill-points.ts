/** A file call at which a process dies. See test/fixtures/kill/point.mjs. */
export interface KillPoint {
  readonly call: string
  /** Regular expression. */
  readonly file: string
  readonly when: 'before' | 'within' | 'after'
  readonly nth: number
}

/** A named moment in the life of a run, or of a recovery. */
export interface Moment {
  readonly name: string
  readonly call: string
  readonly file: string
  readonly whens: readonly KillPoint['when'][]
  /** Which of the calls: one of the first so many. Default 1. */
  readonly upTo?: number
  readonly nth?: number
  /** With a sink that refuses rows. */
  readonly picky?: boolean
  /** How many threads log. Default: one to four. */
  readonly producers?: number
  /** The run ends by itself after so many rows. */
  readonly finishAfter?: number
  /** Milliseconds between two renewals of the lock. */
  readonly renewMs?: number
  /** What run.json must say in the end. Default `crashed`. */
  readonly status?: Readonly<Partial<Record<KillPoint['when'], string>>>
  /** Recovery: the moment at which the run itself died, so that there is something to recover. */
  readonly from?: KillPoint
}

const AROUND = ['before', 'after'] as const
const DURING = ['before', 'within', 'after'] as const
const EVENTS = 'tfevents'

/** Where a live run is killed. */
export const RUN_MOMENTS: readonly Moment[] = [
  {
    name: 'a journal write',
    call: 'writeSync',
    file: 'journal/\\d+\\.log$',
    whens: DURING,
    nth: 2,
    upTo: 30,
  },
  { name: 'an fdatasync of the journal', call: 'fdatasyncSync', file: 'journal/\\d', whens: AROUND, upTo: 8 },
  { name: 'the first segment', call: 'openSync', file: 'journal/000001\\.log$', whens: AROUND },
  { name: 'the next segment', call: 'openSync', file: 'journal/000002\\.log$', whens: AROUND },
  { name: "a segment's head", call: 'writeSync', file: 'journal/000002\\.log$', whens: DURING },
  { name: "the journal's directory sync", call: 'fsyncSync', file: 'journal$', whens: AROUND, upTo: 2 },
  { name: 'a write to metrics.jsonl', call: 'writeSync', file: 'metrics\\.jsonl$', whens: DURING, upTo: 2 },
  { name: 'a write to metrics.csv', call: 'writeSync', file: 'metrics\\.csv$', whens: DURING, upTo: 2 },
  { name: 'the copy for a wider metrics.csv', call: 'writeSync', file: 'metrics\\.csv\\.', whens: DURING },
  { name: 'the rename of a wider metrics.csv', call: 'renameSync', file: 'metrics\\.csv$', whens: AROUND },
  { name: "an event file's creation", call: 'openSync', file: EVENTS, whens: AROUND },
  { name: 'a write to an event file', call: 'writeSync', file: EVENTS, whens: DURING, upTo: 2 },
  { name: 'the rename of summary.json', call: 'renameSync', file: 'summary\\.json$', whens: AROUND },
  ...['jsonl', 'csv', 'tensorboard', 'summary'].map((sink) => ({
    name: `the rename of the cursor of ${sink}`,
    call: 'renameSync',
    file: `cursors/${sink}\\.json$`,
    whens: AROUND,
    upTo: 2,
  })),
  { name: 'the first run.json', call: 'renameSync', file: 'run\\.json$', whens: AROUND },
  { name: 'the second run.json', call: 'renameSync', file: 'run\\.json$', whens: AROUND, nth: 2 },
  {
    name: 'the last run.json',
    call: 'renameSync',
    file: 'run\\.json$',
    whens: AROUND,
    nth: 3,
    // Each further producer is one more run.json.
    producers: 1,
    finishAfter: 1000,
    status: { after: 'completed' },
  },
  { name: 'the creation of the lock', call: 'linkSync', file: 'lock/000001\\.json$', whens: AROUND },
  {
    name: 'a renewal of the lock',
    call: 'renameSync',
    file: 'lock/000001\\.json$',
    whens: AROUND,
    upTo: 4,
    renewMs: 30,
  },
  {
    name: 'the release of the lock',
    call: 'renameSync',
    file: 'lock/000001\\.json$',
    whens: AROUND,
    finishAfter: 1000,
    status: { before: 'completed', after: 'completed' },
  },
  {
    name: 'the creation of a dead-letter file',
    call: 'openSync',
    file: 'dead-letter/picky',
    whens: AROUND,
    picky: true,
  },
  {
    name: 'a write of dead letters',
    call: 'writeSync',
    file: 'dead-letter/picky',
    whens: DURING,
    upTo: 2,
    picky: true,
  },
  {
    name: 'an fdatasync of dead letters',
    call: 'fdatasyncSync',
    file: 'dead-letter/picky',
    whens: AROUND,
    upTo: 2,
    picky: true,
  },
  {
    name: 'the rename of the cursor of a custom sink',
    call: 'renameSync',
    file: 'cursors/picky',
    whens: AROUND,
    upTo: 2,
    picky: true,
  },
]

const AT_JSONL: KillPoint = { call: 'writeSync', file: 'metrics\\.jsonl$', when: 'within', nth: 1 }
const AT_CSV: KillPoint = { call: 'writeSync', file: 'metrics\\.csv$', when: 'after', nth: 1 }
const AT_WIDER_CSV: KillPoint = { call: 'renameSync', file: 'metrics\\.csv$', when: 'before', nth: 1 }
const AT_EVENTS: KillPoint = { call: 'writeSync', file: EVENTS, when: 'within', nth: 1 }
const AT_LETTERS: KillPoint = { call: 'writeSync', file: 'dead-letter/picky', when: 'within', nth: 1 }

/** Where the recovery of a dead run is killed. */
export const RECOVERY_MOMENTS: readonly Moment[] = [
  { name: 'the lock', call: 'linkSync', file: 'lock/000002\\.json$', whens: AROUND, from: AT_CSV },
  { name: 'its release', call: 'renameSync', file: 'lock/000002\\.json$', whens: AROUND, from: AT_CSV },
  {
    name: 'the journal is made durable',
    call: 'fdatasyncSync',
    file: 'journal/',
    whens: AROUND,
    from: AT_CSV,
  },
  { name: 'run.json says crashed', call: 'renameSync', file: 'run\\.json$', whens: AROUND, from: AT_CSV },
  {
    name: 'run.json says delivered',
    call: 'renameSync',
    file: 'run\\.json$',
    whens: AROUND,
    nth: 2,
    from: AT_CSV,
  },
  { name: 'metrics.jsonl', call: 'writeSync', file: 'metrics\\.jsonl$', whens: DURING, from: AT_JSONL },
  { name: 'metrics.csv', call: 'writeSync', file: 'metrics\\.csv$', whens: DURING, from: AT_CSV },
  {
    name: 'a wider metrics.csv',
    call: 'renameSync',
    file: 'metrics\\.csv$',
    whens: AROUND,
    from: AT_WIDER_CSV,
  },
  { name: 'a new event file', call: 'openSync', file: EVENTS, whens: AROUND, from: AT_EVENTS },
  { name: 'an event file', call: 'writeSync', file: EVENTS, whens: DURING, from: AT_EVENTS },
  { name: 'summary.json', call: 'renameSync', file: 'summary\\.json$', whens: AROUND, from: AT_CSV },
  ...['jsonl', 'csv', 'tensorboard', 'summary'].map((sink) => ({
    name: `the cursor of ${sink}`,
    call: 'renameSync',
    file: `cursors/${sink}\\.json$`,
    whens: AROUND,
    from: AT_JSONL,
  })),
  {
    name: 'dead letters',
    call: 'writeSync',
    file: 'dead-letter/picky',
    whens: DURING,
    picky: true,
    from: AT_LETTERS,
  },
]

/** One of the calls of a moment. */
export function pointAt(
  { call, file, nth = 1, upTo = nth }: Moment,
  when: KillPoint['when'],
  random: () => number,
): KillPoint {
  return { call, file, when, nth: nth + Math.floor(random() * (upTo - nth + 1)) }
}
