/**
 * `npm run test:interop`: other people's tools (real TensorBoard) read back what we wrote, and a headless browser
 * opens their pages on it. Makes the Python environment that they need, once per version of
 * test/interop/requirements.txt. Arguments go to vitest.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, readFileSync, rmSync } from 'node:fs'
import { root, run, runTool, setUp } from './setup.mjs'

const requirements = `${root}test/interop/requirements.txt`
const environment = `${root}test/interop/.venv`
/** A real S3-compatible server: Versity's gateway over a directory. */
const S3_SERVER = 'github.com/versity/versitygw/cmd/versitygw@v1.8.0'
/** Copied there when the installation is complete. */
const installedRequirements = `${environment}/requirements.txt`

setUp()
if (!upToDate()) makeEnvironment()
for (const tests of ['interop', 'browser']) {
  const config = `test/${tests}/vitest.config.ts`
  // A name on the command line may be of the other ones.
  runTool('vitest/vitest.mjs', ['run', '--config', config, '--passWithNoTests', ...process.argv.slice(2)])
}

function upToDate() {
  try {
    return readFileSync(installedRequirements, 'utf8') === readFileSync(requirements, 'utf8')
  } catch {
    return false
  }
}

function makeEnvironment() {
  console.error('Installing the Python tools of the interop tests ...')
  if (!hasVenv()) installVenv()
  rmSync(environment, { recursive: true, force: true })
  run('python3', ['-m', 'venv', environment])
  const quiet = ['--quiet', '--disable-pip-version-check', '--no-input']
  run(`${environment}/bin/python`, ['-m', 'pip', 'install', ...quiet, '--requirement', requirements])
  makeS3Server()
  copyFileSync(requirements, installedRequirements)
}

/** With the Go of PyPI: Debian's may be too old for it. Takes a minute or two, of modules and of compiling. */
function makeS3Server() {
  console.error('Building the S3 server of the interop tests ...')
  const env = { ...process.env, CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOBIN: `${environment}/bin` }
  run(`${environment}/bin/go`, ['install', S3_SERVER], { env })
}

/** Debian splits the part of Python that makes environments off into a package of its own. */
function hasVenv() {
  return spawnSync('python3', ['-c', 'import ensurepip, venv']).status === 0
}

function installVenv() {
  if (process.getuid?.() !== 0 || spawnSync('apt-get', ['--version']).status !== 0) {
    console.error("The interop tests need python3 with its venv module (Debian's package: python3-venv).")
    process.exit(1)
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const stdio = ['ignore', 'ignore', 'inherit']
  run('apt-get', ['update', '-qq'], { env, stdio })
  run('apt-get', ['install', '-y', '-qq', 'python3', 'python3-venv'], { env, stdio })
}
