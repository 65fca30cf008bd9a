import fs from 'node:fs'
import path from 'node:path'
import { type Check, ok } from './check.js'

/** Whether `tensorboard` can be started to look at event files. Writing them does not need it. */
export function checkTensorboard({ env, dir }: { env: NodeJS.ProcessEnv; dir: string }): Check {
  const names = process.platform === 'win32' ? ['tensorboard.exe', 'tensorboard.cmd'] : ['tensorboard']
  for (const place of (env.PATH ?? '').split(path.delimiter).filter((place) => place !== '')) {
    const file = names.map((name) => path.join(place, name)).find(isExecutable)
    if (file !== undefined) return ok('TensorBoard', `${file}: start it with --logdir ${dir}`)
  }
  return ok(
    'TensorBoard',
    'not installed; event files are written all the same',
    'to look at them: pip install tensorboard',
  )
}

function isExecutable(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK)
    return fs.statSync(file).isFile()
  } catch {
    return false
  }
}
