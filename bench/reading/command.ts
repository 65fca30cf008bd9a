import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const CLI = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url))
/** Tells the process's largest memory at its end; a module of its own, loaded before the command. */
const WATCH = `data:text/javascript,${encodeURIComponent(
  "process.on('exit', () => process.stderr.write('\\nmax ' + process.resourceUsage().maxRSS))",
)}`

/** Runs `offstep`, as a user does, from the start of its process to the end. Throws where it fails. */
export async function offstep(args: readonly string[], nodeFlags: readonly string[] = []) {
  const start = performance.now()
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [...nodeFlags, CLI, ...args], {
    maxBuffer: 64 * 2 ** 20,
    env: { ...process.env, NO_COLOR: '1' },
  })
  return { ms: performance.now() - start, stdout, stderr }
}

/** Megabytes of the command's process at its largest: in a process that is not timed. */
export async function memoryOf(args: readonly string[]): Promise<number> {
  const { stderr } = await offstep(args, ['--import', WATCH])
  return (Number(/max (\d+)$/.exec(stderr)![1]) * 1024) / 1e6
}
