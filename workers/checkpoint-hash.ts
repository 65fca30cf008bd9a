/** Entry of the thread that hashes large files of checkpoints while they are written. */
import { createHash } from 'node:crypto'
import { parentPort } from 'node:worker_threads'
import type { HashResult, HashTask } from '../src/checkpoint/write/hash-thread.js'
import { NICER, yieldToTraining } from '../src/delivery/priority.js'

yieldToTraining(NICER)
parentPort!.on('message', ({ id, chunks }: HashTask) => {
  const hash = createHash('sha256')
  for (const chunk of chunks) hash.update(chunk)
  const result: HashResult = { id, sha256: hash.digest('hex') }
  parentPort!.postMessage(result)
})
