import type { Fault } from './http-destination.js'

/** Where the thread that delivers dies. */
export type DeathPoint = 'before-send' | 'in-flight' | 'after-answer' | 'in-commit'

/** One thing that goes wrong: for a request, for the server, or for the thread that delivers. */
export type Step =
  | { readonly kind: 'request'; readonly fault: Fault }
  | { readonly kind: 'refuse-connections' }
  | { readonly kind: 'restart'; readonly forgotten: number }
  | { readonly kind: 'revoke-key' }
  | { readonly kind: 'limit'; readonly lines: number }
  | { readonly kind: 'death'; readonly point: DeathPoint }

export interface Script {
  readonly producers: number
  readonly rows: number
  /** Rows that are refused for good, by their status; some may never be logged. */
  readonly refused: ReadonlyMap<string, number>
  readonly steps: readonly Step[]
}

/** What a server may say of when to come back; the last ones make no sense. */
const RETRY_AFTER = [
  '0',
  '1',
  '120',
  'Wed, 21 Oct 2015 07:28:00 GMT',
  '-5',
  'NaN',
  '31536000',
  'soon',
  '1e999',
]
const DEATHS: readonly DeathPoint[] = ['before-send', 'in-flight', 'after-answer', 'in-commit']
const BODIES = [
  '{"error":"disk full"}',
  '<html>Please log in</html>',
  '{"nex',
  '',
  'null',
  '{"next":-1}',
  '[]',
]

/** The script of a seed: 1 to 12 things that go wrong, in a run of some rows with up to 4 bad ones. */
export function scriptOf(random: () => number): Script {
  const whole = (below: number) => Math.floor(random() * below)
  const oneOf = <T>(list: readonly T[]): T => list[whole(list.length)]!
  const commit = () => random() < 0.5
  const producers = 1 + whole(3)
  const refused = new Map<string, number>()
  for (let bad = whole(4); bad > 0; bad--) refused.set(`${whole(producers)}:${whole(40)}`, oneOf([400, 422]))
  if (random() < 0.2) refused.set(`0:${whole(40)}`, 413)
  const request = (fault: Fault): Step => ({ kind: 'request', fault })
  const makers: (() => Step)[] = [
    () => request({ kind: 'status', status: 429, headers: { 'retry-after': oneOf(RETRY_AFTER) } }),
    () => request({ kind: 'status', status: oneOf([500, 502, 504, 408, 425, 409, 599]) }),
    () => request({ kind: 'status', status: 503, headers: { 'retry-after': oneOf(RETRY_AFTER) } }),
    () => request({ kind: 'status', status: oneOf([301, 302, 307, 308, 404, 403, 418]), headers: moved() }),
    () => request({ kind: 'body', body: oneOf(BODIES), commit: commit() }),
    () => request({ kind: 'reset', at: oneOf(['request', 'answer', 'mid-answer']), commit: commit() }),
    () => request({ kind: 'hang', commit: commit() }),
    () => request({ kind: 'trickle', commit: commit() }),
    () => request({ kind: oneOf(['close-idle', 'double-ack', 'late-ack']) }),
    () => ({ kind: 'refuse-connections' }),
    () => ({ kind: 'restart', forgotten: oneOf([0, 0, 1, 3, 1000]) }),
    () => ({ kind: 'revoke-key' }),
    () => ({ kind: 'limit', lines: 1 + whole(20) }),
    () => ({ kind: 'death', point: oneOf(DEATHS) }),
  ]
  const steps = Array.from({ length: 1 + whole(12) }, () => oneOf(makers)())
  // One in twenty is an empty run: nothing was logged, and only its end has to be told.
  const rows = random() < 0.05 ? 0 : 1 + whole(60)
  return { producers, rows, refused, steps: rows === 0 ? [] : steps }
}

const moved = () => ({ location: 'http://127.0.0.1:9/elsewhere' })
