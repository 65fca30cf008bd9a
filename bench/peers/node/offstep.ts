import path from 'node:path'
import type { Run, RunOptions } from '../../../src/index.js'
import type { StoredRun } from '../../../src/store/index.js'
import { assertCounts, inDirectory } from '../../programs/support.js'
import type { Work } from '../peer.js'
import { jsonLines } from './files.js'
import { ALL, type OpenPeer, type Peer, type Phase } from './open-peer.js'
import { KEY_OF, valuesOf, weights } from './rows.js'
import { ownVersion } from './version-of.js'

const LONG_MS = 60_000

/** As it comes: the journal, and three kinds of files made from it. */
export const offstep: Peer = {
  name: 'offstep',
  works: ALL,
  version: ownVersion,
  open: (dir, work, phase) => open(dir, work, phase, {}),
  arrived: async (dir, work) => jsonLines(path.join((await stored(dir)).dir, 'metrics.jsonl'), KEY_OF[work]),
}

/** The nearest to the loggers, which write one file. */
export const journalOnly: Peer = {
  name: 'offstep, journal only',
  works: ALL,
  version: ownVersion,
  open: (dir, work, phase) => open(dir, work, phase, { sinks: [] }),
  arrived: journaled,
}

async function open(dir: string, work: Work, phase: Phase, options: RunOptions): Promise<OpenPeer> {
  // Dropping, the default, would let a flood through as fast as the caller likes.
  const ring: RunOptions = phase === 'calls' ? {} : { ring: { whenFull: 'block', maxBlockMs: LONG_MS } }
  const { init } = await import('../../../src/index.js')
  const run = init(inDirectory(dir, { plots: false, ...options, ...ring }))
  return {
    log: logOf(run, work),
    async flush() {
      await run.flush({ level: 'journaled', timeoutMs: LONG_MS })
    },
    async settle() {
      await run.flush({ level: 'delivered', timeoutMs: LONG_MS })
    },
    async close() {
      const result = await run.finish({ timeoutMs: LONG_MS })
      assertCounts(result)
      if (!result.reached) throw new Error(`finish() did not reach its end: ${JSON.stringify(result)}`)
    },
  }
}

function logOf(run: Run, work: Work): OpenPeer['log'] {
  if (work === 'one') {
    const loss = run.scalar('train/loss')
    return (value, step) => loss.log(value, step)
  }
  if (work === 'histogram') {
    const values = weights()
    return (_value, step) => run.histogram('weights', values, step)
  }
  const row = valuesOf(work)
  return (value, step) => run.log(row(value), step)
}

async function journaled(dir: string, work: Work): Promise<number> {
  let rows = 0
  const run = await stored(dir)
  for (const _row of work === 'histogram' ? run.media({ kind: 'histogram' }) : run.rows()) rows++
  return rows
}

/** The one run below `dir`. */
async function stored(dir: string): Promise<StoredRun> {
  const { openStore } = await import('../../../src/store/index.js')
  return openStore(dir).runs()[0]!
}
