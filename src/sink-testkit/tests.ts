/** The rules of the contract, each a test: docs/custom-sinks.md says why. */
import { SinkError, type SinkErrorAction, toSinkError } from '../sinks/errors.js'
import type { SinkState } from '../sinks/sink.js'
import { refuseBadRows } from './bad-row.js'
import { deliverAndKill } from './kill.js'
import { onStage, type Stage } from './stage.js'
import { type Fault, type SinkTarget, SinkTestError } from './types.js'
import { verify } from './verify.js'

/** A test of one rule. */
export interface SinkTest {
  /** What holds. */
  readonly name: string
  /** Rejects with a SinkTestError where it does not. */
  run(): Promise<void>
}

const MAX_STATE_BYTES = 65_536
const KILLS = 5
/** How long a sink may take to answer its signal: what a live run gives it. */
const GRACE_MS = 1000
const CRASH = new Error('the thread ends here')

type Body = (stage: Stage, target: SinkTarget) => Promise<void>

const RULES: { readonly [name: string]: Body } = {
  'each row arrives once, in order': async (stage) => {
    await stage.deliverAll()
    await finish(stage)
  },
  'batches of any size come to the same': async (stage) => {
    const sizes = [1, 7, 2, 30]
    for (const maxRows of sizes) {
      await stage.open({ maxRows, before: crashAt(2) })
      await upTo(CRASH, () => stage.deliver())
      await stage.close('running')
    }
    await finish(stage)
  },
  'a sink that was closed goes on where it was': async (stage) => {
    for (let done = false; !done; ) {
      await stage.open({ maxRows: 5, before: crashAt(2) })
      done = await upTo(CRASH, () => stage.deliver())
      await stage.close('running')
    }
    await finish(stage)
  },
  'a crash after a write, before its commit': async (stage) => {
    for (const at of [0, 1, 3, 0, 2]) {
      await stage.open({
        maxRows: 3 + at,
        after: (_, write) => {
          if (write === at) throw CRASH
        },
      })
      await upTo(CRASH, () => stage.deliver())
      stage.crash()
    }
    await finish(stage)
  },
  'a crash after each commit': async (stage) => {
    for (let done = false; !done; ) {
      await stage.open({ maxRows: 6, before: crashAt(1) })
      done = await upTo(CRASH, () => stage.deliver())
      stage.crash()
    }
    await finish(stage)
  },
  'a thread that is ended in the middle of a write': async (stage, { kills = KILLS }) => {
    for (let kill = 0; kill < kills; kill++) await deliverAndKill(stage, kill % 3, 150 * kill)
    await finish(stage)
  },
  'a failed write takes nothing: retry, split and pause': async (stage) => {
    for (const action of ['retry', 'split', 'pause', 'retry'] satisfies SinkErrorAction[]) {
      await stage.open({ maxRows: 8, before: failsAt(1, action) })
      await upTo(null, () => stage.deliver())
      await upTo(null, () => stage.deliver())
      await stage.close('running')
    }
    await finish(stage)
  },
  'a row that is refused is a dead letter, and the rest goes on': async (stage) => {
    await stage.deliverAll({ maxRows: 16, before: refuseBadRows })
    await stage.close()
    await verify(stage, true)
  },
  'a rebuild writes everything again, over what is there': async (stage) => {
    let asked = false
    const before = (_: unknown, write: number): void => {
      if (asked || write < 2) return
      asked = true
      throw new SinkError('rebuild', 'KIT', 'the kit asks for a rebuild')
    }
    await stage.deliverAll({ maxRows: 9, before })
    await stage.close('running')
    stage.forget()
    await finish(stage)
  },
  'a run that is delivered after its process has ended': async (stage) => {
    await stage.open({ maxRows: 10, before: crashAt(1) })
    await upTo(CRASH, () => stage.deliver())
    stage.crash()
    await stage.deliverAll({ live: false })
    await finish(stage)
  },
  'a machine that was restarted': async (stage) => {
    await stage.open({ maxRows: 10, before: crashAt(1) })
    await upTo(CRASH, () => stage.deliver())
    stage.crash()
    await stage.deliverAll({ suspect: true })
    await finish(stage)
  },
  'a signal that is aborted ends a write, and loses nothing': async (stage) => {
    const abort = new AbortController()
    abort.abort()
    await stage.open({ maxRows: 10, signal: abort.signal })
    await answers(upTo(null, () => stage.deliver()))
    // What asks its destination to be opened, or let go, cannot under this signal.
    await upTo(null, async () => {
      await stage.close('running')
      return true
    })
    await finish(stage)
  },
  'the state is plain JSON, and small': async (stage, { maxStateBytes = MAX_STATE_BYTES }) => {
    await stage.deliverAll({ maxRows: 20, after: ({ state }) => checkState(state, maxStateBytes) })
    await finish(stage)
  },
}

/** All tests of a sink, for any runner. */
export function sinkTests(target: SinkTarget): SinkTest[] {
  const tests = Object.entries(RULES).map(([name, body]) => test(name, target, body))
  const empty: SinkTest = {
    name: 'a run without rows',
    run: () => onStage(target, finish, { rows: 0 }),
  }
  const faults = (target.faults ?? []).map((fault) =>
    test(`${fault.name}: ${fault.action}`, target, withFault(fault)),
  )
  const stall = target.stall === undefined ? [] : [test('a destination that never answers', target, stalled)]
  return [...tests, empty, ...faults, ...stall]
}

const test = (name: string, target: SinkTarget, body: Body): SinkTest => ({
  name,
  run: () => onStage(target, (stage) => body(stage, target)),
})

/** What is left, the end of the run, and the look at what came of it. */
async function finish(stage: Stage): Promise<void> {
  await stage.deliverAll({ maxRows: 11 })
  await stage.close()
  await verify(stage)
}

/**
 * True where the action says so; false where it throws `expected` (null: any error that tells what to do), or asks for
 * a rebuild, which is always a sink's right.
 */
async function upTo(expected: Error | null, action: () => Promise<boolean>): Promise<boolean> {
  try {
    return await action()
  } catch (error) {
    const asExpected = expected === null ? error instanceof Error : error === expected
    if (asExpected || toSinkError(error).action === 'rebuild') return false
    throw error
  }
}

/** Throws in place of that write, and of those after it: what came before is committed. */
const crashAt = (at: number) => (_: unknown, write: number) => {
  if (write >= at) throw CRASH
}

const failsAt = (at: number, action: SinkErrorAction) => (_: unknown, write: number) => {
  if (write === at) throw new SinkError(action, 'KIT', `the kit says ${action}`)
}

function checkState(state: SinkState, maxBytes: number): void {
  const json = JSON.stringify(state)
  const { length } = Buffer.from(json)
  if (length > maxBytes) {
    throw new SinkTestError(
      `the state takes ${length} bytes, more than ${maxBytes}: it is written with every batch`,
    )
  }
  const again = JSON.stringify(JSON.parse(json))
  if (again !== json) throw new SinkTestError('the state is not what JSON makes of it: give plain data')
}

async function answers(work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const message = `write() does not end within ${GRACE_MS} ms of its signal`
    timer = setTimeout(() => reject(new SinkTestError(message)), GRACE_MS)
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

const withFault =
  (fault: Fault): Body =>
  async (stage) => {
    const mend = await fault.inject(stage.place)
    try {
      await stage.open({ maxRows: 10 })
      const error = await failureOf(() => stage.deliver())
      if (error.action !== fault.action) {
        throw new SinkTestError(
          `where ${fault.name}, the sink says "${error.action}" (${error.code}: ${error.message}) in place of "${fault.action}"`,
          { cause: error },
        )
      }
    } finally {
      await mend()
    }
    stage.crash()
    await finish(stage)
  }

async function failureOf(action: () => Promise<unknown>): Promise<SinkError> {
  try {
    await action()
  } catch (error) {
    return toSinkError(error)
  }
  throw new SinkTestError('the sink says that it has delivered where it cannot')
}

const stalled: Body = async (stage, target) => {
  const letGo = await target.stall!(stage.place)
  const abort = new AbortController()
  try {
    let begun: () => void = () => {}
    const writing = new Promise<void>((resolve) => {
      begun = resolve
    })
    await stage.open({ maxRows: 10, signal: abort.signal, before: () => begun() })
    const work = upTo(null, () => stage.deliver())
    await Promise.race([writing, work])
    abort.abort()
    await answers(work)
  } finally {
    await letGo()
  }
  stage.crash()
  await finish(stage)
}
