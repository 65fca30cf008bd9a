import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { readCursor } from '../../../src/delivery/cursor.js'
import { deliver, release, type Slice, type SliceResult } from '../../../src/delivery/deliver.js'
import type { RecordBatch } from '../../../src/record/batch.js'
import { Control } from '../../../src/ring/control.js'
import type { RunOutcome, Sink, SinkContext, SinkState } from '../../../src/sinks/sink.js'
import { temporaryDirectory } from '../../support/directory.js'
import { JournalMaker } from '../../support/journal-maker.js'

declare global {
  var sinksOfTests: Map<string, () => unknown>
}

globalThis.sinksOfTests ??= new Map()
let made = 0

/** What the tests' sinks do beside remembering: any of it may be replaced, at any time. */
export interface Behaviour {
  open?: (context: SinkContext, state: SinkState | null) => unknown
  write?: (batch: RecordBatch, state: { next: number }) => unknown
  close?: (outcome: RunOutcome) => unknown
  /** See Sink. */
  batchBytes?: unknown
}

/**
 * A run of `rows` rows, and slices of a sink that is loaded from a module as a user's is. The destination is an
 * array, addressed by index: it holds `value` of each row.
 */
export function deliveredSink(rows: number, behaviour: Behaviour = {}) {
  const dir = temporaryDirectory()
  const journal = new JournalMaker(dir)
  journal.append(rows)
  const control = new Control()
  const id = `sink-${made++}`
  const destination: number[] = []
  const openedWith: (SinkState | null)[] = []
  const sizes: number[] = []
  let context: SinkContext | undefined
  const create = (): Sink => {
    let next = 0
    return {
      batchBytes: behaviour.batchBytes as number,
      async open(given, state) {
        openedWith.push(state)
        context = given
        await behaviour.open?.(given, state)
        next = state === null ? 0 : (state.next as number)
      },
      async write(batch) {
        sizes.push(batch.count)
        const state = { next: next + batch.count }
        const take = () => {
          for (let row = 0; row < batch.count; row++) destination[next + row] = valueIn(batch, row)
        }
        let answer: unknown
        try {
          answer = await behaviour.write?.(batch, state)
        } catch (error) {
          // What is refused is not there. Anything else may have gone wrong after it was.
          if (!['split', 'reject', 'rebuild'].includes((error as { action: string } | null)?.action ?? ''))
            take()
          throw error
        }
        take()
        next = state.next
        return (answer === undefined ? { state } : answer) as never
      },
      close: (outcome) => behaviour.close?.(outcome) as Promise<void>,
    }
  }
  globalThis.sinksOfTests.set(id, create)
  onTestFinished(async () => {
    await release(dir)
    journal.close()
    globalThis.sinksOfTests.delete(id)
  })
  let lease = 0
  const slice = (parts: Partial<Slice> = {}): Promise<SliceResult> =>
    deliver({
      run: { id: 'r', project: 'p', name: 'n', dir, startTime: 0 },
      sink: {
        name: 'mine',
        module: new URL('../../fixtures/sinks/made-by-test.mjs', import.meta.url).href,
        export: 'default',
        options: { id },
      },
      slot: { control: control.buffer, index: 0 },
      producers: {},
      end: Number.POSITIVE_INFINITY,
      lease: lease++,
      timeoutMs: 10_000,
      live: false,
      close: null,
      ...parts,
    })
  return {
    id,
    journal,
    behaviour,
    destination,
    openedWith,
    sizes,
    slice,
    close: (parts: Partial<Slice> = {}) =>
      slice({ close: { status: 'completed', endTime: 0 } satisfies RunOutcome, ...parts }),
    slot: control.sink(0),
    /** As where the thread that had the sink was ended: the next slice is another thread's. */
    newThread: () => {
      lease++
    },
    cursor: () => readCursor(dir, 'mine'),
    /** The signal of the slice that is being run. */
    signal: () => context?.signal,
    deadLetters: (): { sequence: number; cause: string; reason: string }[] => {
      const file = join(dir, 'dead-letter', 'mine.jsonl')
      if (!existsSync(file)) return []
      return readFileSync(file, 'utf8')
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line))
    },
  }
}

export const valueIn = (batch: RecordBatch, row = 0): number => batch.values[batch.offsets[row]!]!

export const valuesIn = (batch: RecordBatch): number[] =>
  Array.from({ length: batch.count }, (_, row) => valueIn(batch, row))

export const upTo = (count: number): number[] => Array.from({ length: count }, (_, value) => value)
