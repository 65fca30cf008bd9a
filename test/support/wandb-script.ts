import type { DeathPoint } from './http-script.js'
import type { ListedFault, WandbFault } from './wandb-server/script.js'

/** One thing that goes wrong: for a request, for the server, or for the thread that delivers. */
export type WandbStep =
  | { readonly kind: 'request'; readonly fault: ListedFault }
  /** Nobody listens, for so many attempts: hours, since those who deliver wait longer each time. */
  | { readonly kind: 'outage'; readonly attempts: number }
  | { readonly kind: 'revoke-key' }
  | { readonly kind: 'limit'; readonly bytes: number }
  | { readonly kind: 'death'; readonly point: DeathPoint }

/** Calls that are made before a step: so many, with steps up to `back` below the newest. */
export interface LoggedCalls {
  readonly count: number
  readonly back: number
}

export interface WandbScript {
  /** Before all else. */
  readonly calls: number
  readonly logged: readonly LoggedCalls[]
  /** Numbers of calls whose lines are refused for good: see `isRefused()`. */
  readonly refused: ReadonlySet<number>
  readonly steps: readonly WandbStep[]
}

const GRAPHQL = ['CreateRunFiles', 'NotifyScriptableRunAlert', 'UpsertBucket']
/** Requests that faults are made for, most often those where lines may be lost or doubled. */
const OPERATIONS = [
  ...Array.from({ length: 8 }, () => 'file_stream'),
  ...['upload', 'upload', ...GRAPHQL, undefined],
]
const RETRY_AFTER = ['0', '1', '120', 'Wed, 21 Oct 2015 07:28:00 GMT', '-5', 'NaN', 'soon', '1e999']
const DEATHS: readonly DeathPoint[] = ['before-send', 'in-flight', 'after-answer', 'in-commit']
const GRAPHQL_ERROR = '{"errors":[{"message":"internal error"}],"data":null}'
const BODIES = ['{"error":"disk full"}', '<html>Please log in</html>', '{"exi', '', 'null', '[]']
const RATE_LIMITS = [
  {},
  { 'ratelimit-remaining': '0', 'ratelimit-reset': '0' },
  { 'ratelimit-remaining': 'x', 'ratelimit-reset': '-1' },
]

/** The script of a seed: 1 to 10 things that go wrong, in a run of some calls, with late ones and bad ones. */
export function wandbScriptOf(random: () => number): WandbScript {
  const whole = (below: number) => Math.floor(random() * below)
  const oneOf = <T>(list: readonly T[]): T => list[whole(list.length)]!
  const commit = () => random() < 0.5
  const request = (fault: WandbFault): WandbStep => {
    const on = oneOf(OPERATIONS)
    if (on === undefined && fault.kind !== 'body') return { kind: 'request', fault }
    // Of a file that was PUT, nobody reads what the store says beside its status.
    const kept = on === 'upload' && fault.kind === 'body' ? { ...fault, commit: true } : fault
    return { kind: 'request', fault: { ...kept, on: on ?? 'file_stream' } }
  }
  const headers = () => ({ 'retry-after': oneOf(RETRY_AFTER), ...oneOf(RATE_LIMITS) })
  const makers: (() => WandbStep)[] = [
    () => request({ kind: 'status', status: 429, headers: headers(), commit: commit() }),
    () => request({ kind: 'status', status: oneOf([500, 502, 504, 408, 418, 599]), commit: commit() }),
    () => request({ kind: 'status', status: 503, headers: headers(), commit: commit() }),
    () => request({ kind: 'status', status: oneOf([301, 403, 404, 405, 410, 501]) }),
    () => request({ kind: 'body', body: oneOf(BODIES), commit: commit() }),
    () => ({
      kind: 'request',
      fault: { kind: 'body', body: GRAPHQL_ERROR, commit: commit(), on: oneOf(GRAPHQL) },
    }),
    () => request({ kind: 'reset', commit: commit() }),
    () => request({ kind: 'hang', commit: commit() }),
    () => request({ kind: 'truncated' }),
    () => ({ kind: 'outage', attempts: random() < 0.1 ? 40 : 1 }),
    () => ({ kind: 'revoke-key' }),
    () => ({ kind: 'limit', bytes: 2000 + whole(4000) }),
    () => ({ kind: 'death', point: oneOf(DEATHS) }),
  ]
  const steps = Array.from({ length: 1 + whole(10) }, () => oneOf(makers)())
  const logged = steps.map(() => ({ count: 1 + whole(8), back: random() < 0.3 ? whole(40) : whole(4) }))
  const refused = new Set(Array.from({ length: random() < 0.4 ? whole(4) : 0 }, () => whole(40)))
  return { calls: 1 + whole(40), logged, refused, steps }
}
