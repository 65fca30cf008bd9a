import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const PROGRAM = fileURLToPath(new URL('../programs/paced-spin.js', import.meta.url))

/** Calls `body` beside `count` processes that each want a whole core. */
export async function withSpinners<T>(count: number, body: () => Promise<T>): Promise<T> {
  const children = Array.from({ length: count }, () => fork(PROGRAM))
  const ended = children.map((child) => once(child, 'exit'))
  try {
    await Promise.all(children.map((child) => once(child, 'message')))
    return await body()
  } finally {
    for (const child of children) child.disconnect()
    await Promise.all(ended)
  }
}
