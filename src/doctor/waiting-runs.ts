import { type FoundRun, walkRuns } from '../recovery/find-runs.js'
import { type Check, ok, warning } from './check.js'

/** Looking into a directory of very many runs ends here: the number only has to say that there are some. */
const BUDGET_MS = 500

/** Runs whose process died, or that were left with something to deliver. */
export function checkWaitingRuns(dir: string): Check {
  const begun = performance.now()
  let [seen, alive, died, pending] = [0, 0, 0, 0]
  let all = true
  for (const run of walkRuns(dir)) {
    if (performance.now() - begun > BUDGET_MS) {
      all = false
      break
    }
    seen++
    if (run.alive) alive++
    else if (hasDied(run)) died++
    else if (!run.delivered) pending++
  }
  const living = alive === 0 ? '' : `, ${alive} of them alive`
  const counted = `${seen}${all ? '' : ' or more'} in ${dir}${living}`
  if (died + pending === 0) return ok('runs', counted)
  const waiting = [died > 0 && `${died} died`, pending > 0 && `${pending} not delivered wholly`].filter(
    Boolean,
  )
  return warning('runs', `${counted}; ${waiting.join(', ')}`, 'run offstep sync: it completes them')
}

const hasDied = ({ file, alive }: FoundRun): boolean => file.status === 'running' && !alive
