import type { Goal } from '../../sinks/summary/goal.js'
import type { RunFile } from '../run-file.js'

export type Goals = { readonly [metric: string]: Goal }

/** Which way metrics get better, as `init({ goals })` was told. */
export function goalsOf({ sinks }: RunFile): Goals {
  const options = Array.isArray(sinks) ? sinks.find(({ name }) => name === 'summary')?.options : undefined
  return (options?.goals ?? {}) as Goals
}
