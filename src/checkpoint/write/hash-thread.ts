/**
 * SHA-256 beside the writing, on a thread of its own with a low priority: on a fast disk the hash alone takes as long as
 * the disk does. Not by libuv's threads: theirs is the priority of the process, and the training would wait for them (on two
 * cores a step of 20 ms came to take 80).
 */
import { Worker } from 'node:worker_threads'
import { INTERNAL_THREAD } from '../../ring/internal-thread.js'

export interface HashTask {
  readonly id: number
  /** Views of shared memory, but for short ones. */
  readonly chunks: readonly Uint8Array[]
}

export interface HashResult {
  readonly id: number
  /** In hex. */
  readonly sha256: string
}

let thread: Worker | null = null
let tasks = 0
const waiting = new Map<number, (sha256: string | null) => void>()

/** Null where the thread has died: the caller hashes then. Begins at once, and keeps the process alive until then. */
export function hashOnThread(chunks: readonly Uint8Array[]): Promise<string | null> {
  const task: HashTask = { id: tasks++, chunks }
  return new Promise((resolve) => {
    waiting.set(task.id, resolve)
    thread ??= start()
    thread.ref()
    thread.postMessage(task)
  })
}

/** True where a view crosses threads without a copy. */
export const isShared = ({ buffer }: Uint8Array): boolean => buffer instanceof SharedArrayBuffer

function start(): Worker {
  const worker = new Worker(new URL('../../../workers/checkpoint-hash.js', import.meta.url), {
    execArgv: [],
    env: { ...process.env, [INTERNAL_THREAD]: '1' },
  })
  worker.on('message', ({ id, sha256 }: HashResult) => answer(id, sha256))
  worker.on('error', () => {
    // What it had is hashed by the caller; the next task has a new thread.
  })
  worker.on('exit', () => {
    thread = null
    for (const id of waiting.keys()) answer(id, null)
  })
  return worker
}

function answer(id: number, sha256: string | null): void {
  waiting.get(id)?.(sha256)
  waiting.delete(id)
  if (waiting.size === 0) thread?.unref()
}
