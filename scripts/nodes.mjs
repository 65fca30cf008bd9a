/**
 * `npm run test:nodes`: every test on the other versions of Node that we support. Their binaries come from the
 * npm packages `node-<platform>-<arch>`, which need no install script.
 */
import { existsSync } from 'node:fs'
import { root, run, setUp } from './setup.mjs'

const VERSIONS = ['22', '24']

setUp()
for (const version of VERSIONS) {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  const prefix = `${root}node_modules/.cache/offstep/node-${version}`
  const node = `${prefix}/node_modules/${name}/bin/node`
  if (!existsSync(node)) {
    run('npm', [
      'install',
      '--ignore-scripts',
      '--no-save',
      '--loglevel=error',
      '--prefix',
      prefix,
      `${name}@${version}`,
    ])
  }
  console.error(`Node ${version}`)
  run(node, ['node_modules/vitest/vitest.mjs', 'run', ...process.argv.slice(2)])
}
