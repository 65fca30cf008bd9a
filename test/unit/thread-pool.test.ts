import { expect, onTestFinished, test } from 'vitest'
import { ThreadPool } from '../../dist/src/daemon/pools.js'

// A thread that is ended in the middle of a require() of an ES module ends the process (Node 20.20).
test('a pool thread loads its entry by import(), never by require()', async () => {
  const entry = new URL('../fixtures/kill/loaded-by.mjs', import.meta.url).href
  const pool = new ThreadPool(entry, { maxThreads: 1, youngGenerationMb: 4 })
  onTestFinished(() => pool.close())
  expect(await pool.run(null)).not.toMatch(/require/i)
})
