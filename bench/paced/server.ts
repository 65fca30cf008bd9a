import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const PROGRAM = fileURLToPath(new URL('../programs/paced-server.js', import.meta.url))

/**
 * - `silent`: takes connections and requests, and answers none
 * - `busy`: answers every request for rows with 429 and Retry-After
 * - `gone`: nobody listens at the port any more
 */
export type Manner = 'silent' | 'busy' | 'gone'

/** Calls `body` with the address of a W&B server that is of no use, and ends it. */
export async function withServer<T>(manner: Manner, body: (baseUrl: string) => Promise<T>): Promise<T> {
  const child = fork(PROGRAM, [JSON.stringify({ manner })])
  const ended = once(child, 'exit')
  const end = async (): Promise<void> => {
    if (child.connected) child.disconnect()
    await ended
  }
  try {
    const [port] = (await once(child, 'message')) as [number]
    if (manner === 'gone') await end()
    return await body(`http://127.0.0.1:${port}`)
  } finally {
    await end()
  }
}
