import type { Axis } from '../../store/series/down-sample.js'
import type { TimeUnit } from '../format.js'
import type { RunData } from './run-data.js'

/**
 * Where along an axis other processes went on with a run: by time all of them, by step those that no later one has gone
 * back behind, each place once.
 */
export function resumePlaces({ file, startTime }: RunData, axis: Axis, unit: TimeUnit): number[] {
  const resumes = file.resumes ?? []
  if (axis === 'time') return resumes.map(({ time }) => (Date.parse(time) - startTime) / unit.ms)
  const steps: number[] = []
  for (const { rewoundTo } of resumes) {
    if (rewoundTo === null) continue
    const kept = rewoundTo === 'start' ? [] : [...steps.filter((step) => step < rewoundTo), rewoundTo]
    steps.splice(0, steps.length, ...kept)
  }
  return steps
}
