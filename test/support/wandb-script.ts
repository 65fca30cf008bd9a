import type { DeathPoint } from './http-script.js'
import type { ListedFault, WandbFault } from './wandb-server/script.js'

/** One thing that goes wrong: for a request, for the server, or for the thread that delivers. */
export type WandbStep =
  | { readonly kind: 'request'; readonly fault: ListedFault }
  | { readonly kind: 'refuse-connections' }
  | { readonly kind: 'revoke-key' }
  | { readonly kind: 'limit'; readonly bytes: number }
  | { readonly kind: 'death'; readonly point: DeathPoint }

/** Rows that are logged before a step: so many, from the step `back` below the next one. */
export interface LoggedRows {
  readonly count: number
  readonly back: number
}

export interface WandbScript {
  readonly rows: number
  readonly late: readonly LoggedRows[]
  /** Values whose lines are refused for good. */
  readonly refused: ReadonlySet<number>
  readonly steps: readonly WandbStep[]
}

const RETRY_AFTER = ['0', '1', '120', 'Wed, 21 Oct 2015 07:28:00 GMT', '-5', 'NaN', 'soon', '1e999']
const DEATHS: readonly DeathPoint[] = ['before-send', 'in-flight', 'after-answer', 'in-commit']
const BODIES = ['{"error":"disk full"}', '<html>Please log in</html>', '{"exi', '', 'null', '[]']
const RATE_LIMITS = [
  {},
  { 'ratelimit-remaining': '0', 'ratelimit-reset': '0' },
  { 'ratelimit-remaining': 'x', 'ratelimit-reset': '-1' },
]

/** The script of a seed: 1 to 10 things that go wrong, in a run of some rows, with late ones and bad ones. */
export function wandbScriptOf(random: () => number): WandbScript {
  const whole = (below: number) => Math.floor(random() * below)
  const oneOf = <T>(list: readonly T[]): T => list[whole(list.length)]!
  const commit = () => random() < 0.5
  // Most where lines may be lost or doubled; some where the run is created.
  const request = (fault: WandbFault): WandbStep => ({
    kind: 'request',
    fault: random() < 0.8 ? { ...fault, on: 'file_stream' } : fault,
  })
  const headers = () => ({ 'retry-after': oneOf(RETRY_AFTER), ...oneOf(RATE_LIMITS) })
  const makers: (() => WandbStep)[] = [
    () => request({ kind: 'status', status: 429, headers: headers(), commit: commit() }),
    () => request({ kind: 'status', status: oneOf([500, 502, 504, 408, 418, 599]), commit: commit() }),
    () => request({ kind: 'status', status: 503, headers: headers(), commit: commit() }),
    () => request({ kind: 'status', status: oneOf([301, 403, 404, 405, 410, 501]) }),
    () => request({ kind: 'body', body: oneOf(BODIES), commit: commit() }),
    () => request({ kind: 'reset', commit: commit() }),
    () => request({ kind: 'hang', commit: commit() }),
    () => request({ kind: 'truncated' }),
    () => ({ kind: 'refuse-connections' }),
    () => ({ kind: 'revoke-key' }),
    () => ({ kind: 'limit', bytes: 200 + whole(2000) }),
    () => ({ kind: 'death', point: oneOf(DEATHS) }),
  ]
  const steps = Array.from({ length: 1 + whole(10) }, () => oneOf(makers)())
  const late = steps.map(() => ({ count: 1 + whole(6), back: random() < 0.3 ? whole(5) : 0 }))
  const refused = new Set(Array.from({ length: random() < 0.4 ? whole(4) : 0 }, () => whole(40)))
  return { rows: 1 + whole(40), late, refused, steps }
}
