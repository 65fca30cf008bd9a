import assert from 'node:assert/strict'
import fs from 'node:fs'
import { join } from 'node:path'
import { type Call, type Fault, FaultyCalls } from './faulty-calls.js'
import { fastDirectory, Pipeline, SINK_NAMES } from './pipeline.js'
import { assertSink, eventPoints, journalOrder, type LoggedRow } from './pipeline-oracle.js'

const ROUNDS = 6

/** The rows of one round: names that come up on the way, NaN, infinities, bigints, steps that repeat and go back. */
export function logRound(pipeline: Pipeline, round: number): void {
  for (let row = 0; row < 4; row++) {
    pipeline.clock += 137
    const step = round * 3 + Math.min(row, 2)
    const loss = row === 3 ? Number.NaN : 1 / (step + 1)
    const values: Record<string, number | bigint> = {
      loss,
      lr: 10 ** -round,
      tokens: 2n ** 60n + BigInt(step),
    }
    if (round >= 1) values[`late/${Math.min(round, 6)}`] = row === 1 ? Number.NEGATIVE_INFINITY : row - 0.5
    pipeline.log(0, step, values)
    if (row % 2 === 0) pipeline.log(1, step, { loss: -loss, lr: row })
  }
  if (round === 2) pipeline.log(0, 1, { loss: 99 })
}

/** A run from its beginning to its end, with a drain and delivery threads that are replaced on the way. */
export async function runWorkload(pipeline: Pipeline): Promise<void> {
  pipeline.begin()
  for (let round = 0; round < ROUNDS; round++) {
    logRound(pipeline, round)
    pipeline.drain(round % 2 === 1)
    if (round % 3 === 2) pipeline.beat()
    if (round === 3) await pipeline.replaceSessions()
    if (round === 4) pipeline.replaceDrain()
    // Two lag behind, so that they read batches of their own.
    const due = { jsonl: true, csv: round % 3 === 2, tensorboard: true, summary: round % 2 === 1 }
    for (const name of SINK_NAMES) if (due[name as keyof typeof due]) await pipeline.deliver(name)
  }
  await finish(pipeline)
}

export async function finish(pipeline: Pipeline): Promise<void> {
  for (let attempt = 0; attempt < 3; attempt++) if (pipeline.drain(true) && pipeline.drained) break
  for (const name of SINK_NAMES) {
    let tries = 3
    for (let end = await pipeline.deliver(name); end !== 'caught-up' && --tries > 0; ) {
      end = await pipeline.deliver(name)
    }
    await pipeline.close(name, { status: 'completed', endTime: pipeline.clock })
  }
  pipeline.replaceDrain()
  await pipeline.replaceSessions()
  pipeline.writeRunFile('completed')
  pipeline.release()
}

/** One thing that a thread of the run does, drawn at random. */
export async function randomStep(pipeline: Pipeline, random: () => number, round: number): Promise<void> {
  const draw = random()
  if (draw < 0.25) logRound(pipeline, round)
  else if (draw < 0.45) pipeline.drain(random() < 0.5)
  else if (draw < 0.9) await pipeline.deliver(SINK_NAMES[Math.floor(random() * SINK_NAMES.length)]!)
  else if (draw < 0.93) pipeline.beat()
  else if (draw < 0.96) pipeline.replaceDrain()
  else await pipeline.replaceSessions()
}

/** One pipeline in a directory of its own, whose file calls `decide` may spoil. Must be removed. */
export class Case {
  readonly directory = fastDirectory()
  readonly faults: FaultyCalls
  readonly pipeline: Pipeline

  constructor(decide: (call: Call) => Fault = () => undefined, options: { ringBytes?: number } = {}) {
    const runDir = join(this.directory, 'run')
    this.faults = new FaultyCalls(runDir, decide)
    this.pipeline = new Pipeline(runDir, options)
  }

  /** Recovers with files that work again; it must not take more than a few rounds. */
  async recover(): Promise<void> {
    for (let round = 0; !(await this.pipeline.recover()); round++) assert(round < 5, 'everything catches up')
  }

  /** What holds at any moment, however much has failed. */
  assertAccounts(): void {
    this.faults.unwatched(() => {
      const { account, calls, logged } = this.pipeline
      const published = logged.reduce((sum, rows) => sum + rows.length, 0)
      assert.equal(account.accepted, calls, 'every log call is accounted for')
      assert.equal(account.journaled + account.inRing, published)
      assert(account.synced <= account.journaled)
      for (const name of SINK_NAMES) assert(this.settled(name) <= account.journaled, `${name} is not ahead`)
    })
  }

  /** Rows that a sink has settled, by its counts, which must agree with its place in the journal. */
  settled(name: string): number {
    const { counts, place } = this.pipeline.cursor(name)
    const behind = Object.values(place.next).reduce((sum, next) => sum + next, 0)
    assert.equal(counts.delivered + counts.deadLettered + counts.notApplicable, behind, `rows of ${name}`)
    return behind
  }

  /** Everything that the journal has is in each sink, once, and nothing else; returns it. */
  assertComplete(): LoggedRow[] {
    return this.faults.unwatched(() => {
      const rows = journalOrder(this.pipeline.runDir, this.pipeline.logged)
      for (const name of SINK_NAMES) {
        assertSink(this.pipeline.runDir, name, rows)
        assert.equal(this.settled(name), rows.length, `${name} has settled all rows`)
        const { deadLettered, notApplicable } = this.pipeline.cursor(name).counts
        const left = name === 'tensorboard' ? eventPoints(rows).notApplicable : 0
        assert.deepEqual({ deadLettered, notApplicable }, { deadLettered: 0, notApplicable: left })
      }
      assert.equal(this.faults.open.join(' '), '', 'no file is left open')
      return rows
    })
  }

  remove(): void {
    this.faults.remove()
    this.pipeline.remove()
    fs.rmSync(this.directory, { recursive: true, force: true })
  }
}
