import { spawn } from 'node:child_process'
import type { Output } from '../output.js'

const OPENERS: { readonly [platform: string]: readonly string[] } = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
}

/** With the program that the desktop has for it, which goes on by itself. */
export function openFile(file: string, output: Output): Promise<void> {
  const [program, ...args] = OPENERS[process.platform] ?? ['xdg-open']
  return new Promise((resolve) => {
    const child = spawn(program!, [...args, file], { stdio: 'ignore', detached: true })
    child.on('error', ({ message }) => {
      output.note(`${file} cannot be opened here: ${message}`)
      resolve()
    })
    child.on('spawn', () => {
      child.unref()
      resolve()
    })
  })
}
