/** What a line of a distribution is; the benchmarks name them so. */
export type Role = 'ours' | 'peer' | 'baseline'

/** Baselines do not do the work: a program without a logger, the clock alone. */
export function roleOf(name: string): Role {
  if (/^offstep\b/.test(name)) return 'ours'
  return /^(no|none|without|bare|two clock reads)\b/.test(name) ? 'baseline' : 'peer'
}
