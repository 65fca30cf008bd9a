/** Scalars per second from a full ring into a journal, by `RingJournal` in this thread: no producer beside it. */
import path from 'node:path'
import { createPipe } from './pipe.js'
import { logTen } from './rows.js'
import { parameters, report } from './support.js'

const { dir, metrics, scalars } = parameters<{ dir: string; metrics: 1 | 10; scalars: number }>()

const { producer, journal } = createPipe(path.join(dir, 'journal'))
const handle = producer.scalar('train/loss')

const BURST = 40_000
const burstRows = BURST / metrics
let moveMs = 0
let syncMs = 0
for (let moved = -scalars / 4; moved < scalars; moved += BURST) {
  if (metrics === 1) for (let i = 0; i < burstRows; i++) handle.log(i * 0.1, i)
  else for (let i = 0; i < burstRows; i++) logTen(producer, i * 0.1, i)
  const start = performance.now()
  while (journal.pass() > 0) {
    // until the ring is empty
  }
  const written = performance.now()
  if (moved % (BURST * 25) === 0) journal.sync()
  // The first quarter warms up.
  if (moved < 0) continue
  moveMs += written - start
  syncMs += performance.now() - written
}
journal.close()
report({ perSecond: (scalars * 1000) / moveMs, syncMs, moveMs })
