/** Rows of ten scalars as fast as the journal takes them, to MLflow; then `finish()`. */
import { init } from '../../src/index.js'
import { logTen } from './rows.js'
import { assertCounts, inDirectory, parameters, report } from './support.js'

const { dir, rows, url } = parameters<{ dir: string; rows: number; url: string }>()

const start = performance.now()
const ring = { whenFull: 'block', maxBlockMs: 60_000 } as const
const sinks = [{ type: 'mlflow', trackingUri: url, silent: true }] as const
const run = init(inDirectory(dir, { sinks, recover: false, ring }))
for (let row = 0; row < rows; row++) logTen(run, row * 0.001, row)
const result = await run.finish({ timeoutMs: 600_000 })
assertCounts(result)
report({ ms: performance.now() - start, reached: result.reached, url: run.url })
