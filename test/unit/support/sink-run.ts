import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { SinkError } from '../../../src/sinks/errors.js'
import type { RunOutcome, Sink, SinkContext, SinkState } from '../../../src/sinks/sink.js'
import { BatchBuilder, type RowLiteral, START_TIME } from './batches.js'

export const COMPLETED: RunOutcome = { status: 'completed', endTime: START_TIME + 60_000 }

/** An empty run directory, removed when the test is over. */
export function runDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'offstep-sink-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

export function sinkContext(runDir: string, parts: Partial<SinkContext> = {}): SinkContext {
  return {
    runId: 'baseline_20241119_070640_0123abcd',
    project: 'tinystories',
    runName: 'baseline',
    runDir,
    startTime: START_TIME,
    options: {},
    producerName: () => 'main',
    warn: () => {},
    live: true,
    suspect: false,
    signal: new AbortController().signal,
    ...parts,
  }
}

/** Opens a sink, delivers the batches of rows, closes it; the state after the last batch, as a cursor holds it. */
export async function deliver(
  sink: Sink,
  context: SinkContext,
  batches: readonly (readonly RowLiteral[])[],
  state: SinkState | null = null,
): Promise<SinkState | null> {
  const builder = new BatchBuilder()
  await sink.open(context, state)
  let committed = state
  for (const rows of batches) committed = committedState((await sink.write(builder.batchOf(rows))).state)
  await sink.close({ status: 'running', endTime: START_TIME })
  return committed
}

export function committedState(state: SinkState): SinkState {
  return JSON.parse(JSON.stringify(state)) as SinkState
}

/** One life of a delivering thread: batches of these sizes; then it dies, `uncommitted` the last of them. */
export interface Life {
  readonly batchSizes: readonly number[]
  readonly uncommitted: boolean
}

/**
 * Delivers `rows` as the engine does, through the lives given and then one that reaches the end, each with a
 * sink and a reader (with names in an order of its own) of its own.
 */
export async function deliverThroughCrashes(
  createSink: () => Sink,
  context: SinkContext,
  rows: readonly RowLiteral[],
  lives: readonly Life[],
  crash: (state: SinkState | null) => void = () => {},
): Promise<SinkState | null> {
  let committed: { rows: number; state: SinkState | null } = { rows: 0, state: null }
  for (const life of [...lives, { batchSizes: [rows.length], uncommitted: false }]) {
    const sink = createSink()
    try {
      await sink.open(context, committed.state)
    } catch (error) {
      if (!(error instanceof SinkError) || error.action !== 'rebuild') throw error
      committed = { rows: 0, state: null }
      await sink.open(context, null)
    }
    const later = rows
      .slice(committed.rows)
      .flatMap((row) => Object.keys(row.metrics ?? {}))
      .reverse()
    const builder = new BatchBuilder([...new Set(later)], committed.rows)
    let position = committed.rows
    for (const [index, size] of life.batchSizes.entries()) {
      const batch = builder.batchOf(rows.slice(position, position + size))
      const { state } = await sink.write(batch)
      position += batch.count
      const last = index === life.batchSizes.length - 1
      if (!(last && life.uncommitted)) committed = { rows: position, state: committedState(state) }
    }
    await sink.close({ status: 'running', endTime: START_TIME })
    if (committed.rows < rows.length) crash(committed.state)
  }
  return committed.state
}
