/** What the next process does for runs that a killed one has left. */
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { recoverRun } from '../../src/recovery/recover-run.js'
import { parameters, report } from './support.js'

const { dir } = parameters<{ dir: string }>()
for (const project of readdirSync(dir)) {
  for (const run of readdirSync(path.join(dir, project))) await recoverRun(path.join(dir, project, run))
}
report({})
