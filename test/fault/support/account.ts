import { expect } from 'vitest'
import type { RunStatusReport } from '../../../dist/src/index.js'

/** What is true of the counts at any moment. */
export function expectIdentities({
  accepted,
  journaled,
  synced,
  inRing,
  dropped,
  sinks,
}: RunStatusReport): void {
  const { total, ...causes } = dropped
  expect(Object.values(causes).reduce((sum, count) => sum + count, 0)).toBe(total)
  expect(journaled + inRing + total).toBe(accepted)
  for (const count of [synced, journaled, inRing]) expect(count).toBeGreaterThanOrEqual(0)
  expect(synced).toBeLessThanOrEqual(journaled)
  for (const { delivered, pending, deadLettered, notApplicable } of Object.values(sinks)) {
    expect(delivered + pending + deadLettered + notApplicable).toBe(journaled)
    expect(pending).toBeGreaterThanOrEqual(0)
  }
}
