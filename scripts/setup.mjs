/**
 * Makes a fresh clone ready: installs what package-lock.json names (no install scripts) and compiles. Does
 * nothing where that has been done, so that every command may begin with it.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

/** Runs a program in the project's root and ends this process with its exit code where that is not 0. */
export function run(program, args, options = {}) {
  const { status, signal, error } = spawnSync(program, args, { cwd: root, stdio: 'inherit', ...options })
  if (error) throw error
  if (signal) process.kill(process.pid, signal)
  if (status !== 0) process.exit(status ?? 1)
}

/** Runs one of the project's own tools, from node_modules. */
export const runTool = (path, args, options) =>
  run(process.execPath, [`node_modules/${path}`, ...args], options)

export function setUp() {
  checkNode()
  if (!installed()) {
    console.error('Installing dependencies ...')
    run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'])
  }
  runTool('typescript/bin/tsc', ['-b'])
}

function checkNode() {
  const { engines } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
  const [major, minor] = process.versions.node.split('.').map(Number)
  const [wantedMajor, wantedMinor] = engines.node.match(/\d+/g).map(Number)
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return
  console.error(`offstep needs Node ${engines.node}, and this is ${process.versions.node}.`)
  process.exit(1)
}

/** npm writes node_modules/.package-lock.json last: it is there and newer when an install is complete. */
function installed() {
  try {
    return modified('node_modules/.package-lock.json') >= modified('package-lock.json')
  } catch {
    return false
  }
}

const modified = (path) => statSync(`${root}${path}`).mtimeMs
