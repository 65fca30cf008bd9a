/** An application that has no TensorFlow.js. */
process.chdir(process.env.RUNS)
const { init } = await import(process.env.OFFSTEP)
const { trackerCallback } = await import(process.env.OFFSTEP_TFJS)
const run = init({ dir: process.env.RUNS, sinks: [] })
try {
  trackerCallback(run)
} catch (error) {
  process.stdout.write(JSON.stringify({ code: error.code, message: error.message }))
}
await run.finish()
