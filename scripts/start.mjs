/** `npm start`: sets up and trains the example model, logging it. Arguments go to the example. */
import { spawn } from 'node:child_process'
import { root, setUp } from './setup.mjs'

setUp()
const main = spawn(process.execPath, ['dist/examples/moby-dick/main.js', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
})
// A terminal sends Ctrl-C to both processes, a supervisor only to this one; the example decides when it ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => main.kill(signal))
main.on('exit', (code, signal) => {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeAllListeners(name)
  if (signal) process.kill(process.pid, signal)
  else process.exit(code)
})
