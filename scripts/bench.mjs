// npm run bench -- [scope or name ...] [--help]: sets up what is missing, then measures, compares or documents.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' })
  if (error) throw error
  if (status !== 0) process.exit(status ?? 1)
}

if (!existsSync(`${root}/node_modules`)) run('npm', ['ci', '--ignore-scripts'])
run('npx', ['tsc', '-b'])
run(process.execPath, [`${root}/dist/bench/main.js`, ...process.argv.slice(2)])
