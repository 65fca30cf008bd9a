import path from 'node:path'
import { type Check, type DoctorContext, failed } from './check.js'
import { ClockWatch } from './clock.js'
import { type DestinationChecks, NOT_WANTED } from './destination.js'
import { checkGpu } from './gpu.js'
import { checkLimits } from './limits.js'
import { checkMlflow } from './mlflow.js'
import { checkNats } from './nats.js'
import { checkNode } from './node-version.js'
import { checkProxies } from './proxies.js'
import { checkS3 } from './s3.js'
import { checkStorage } from './storage.js'
import { checkTensorboard } from './tensorboard.js'
import { checkThreads } from './threads.js'
import { checkWaitingRuns } from './waiting-runs.js'
import { checkWandb } from './wandb.js'

export type { Check, CheckStatus } from './check.js'

export interface DoctorOptions {
  /** Where runs are. Default: `OFFSTEP_DIR`, else `./runs`. */
  readonly dir?: string
  /** Where packages are looked for. Default: the working directory. */
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  /** Look for W&B, MLflow, NATS and S3 also where nothing names them. Default false. */
  readonly allDestinations?: boolean
  /** For each thing that may not answer. Default 3000. */
  readonly timeoutMs?: number
}

/** What a check may take beyond the time-out of what it asks, before it is given up. */
const GRACE_MS = 500

/**
 * Looks at all that a run needs: Node, threads, the disk, destinations, GPUs, the clock; and says how to mend what
 * is wrong. Never rejects: what goes wrong is a check that failed. Takes less than 5 s, whatever does not answer.
 *
 * Blocks the thread with file calls for up to about a second: not for a thread that trains. Writes a few small
 * files into the run directory, and removes them.
 */
export async function runDoctor(options: DoctorOptions = {}): Promise<Check[]> {
  const { env = process.env, cwd = process.cwd(), allDestinations = false, timeoutMs = 3000 } = options
  const dir = path.resolve(cwd, options.dir ?? (env.OFFSTEP_DIR || './runs'))
  const context: DoctorContext = { dir, cwd: path.resolve(cwd), env, allDestinations, timeoutMs }
  const clock = new ClockWatch()
  // First, and alone: it blocks this thread, and the time-outs of the others would run meanwhile.
  const storage = await guarded('run directory', context, () => checkStorage(dir))
  const asked = Promise.all([
    guarded('threads', context, async () => [await checkThreads(timeoutMs)]),
    guarded('GPUs', context, () => checkGpu(context)),
    destination('W&B', context, checkWandb),
    destination('MLflow', context, checkMlflow),
    destination('NATS', context, checkNats),
    destination('S3', context, checkS3),
  ])
  const [threads, gpu, ...destinations] = await asked
  const at = (name: string, check: () => Check | Check[]) => guarded(name, context, () => [check()].flat())
  return [
    ...(await at('Node.js', checkNode)),
    ...threads,
    ...storage,
    ...(await at('memory', checkLimits)),
    ...(await at('clock', () => clock.check(destinations.flatMap(({ reached }) => reached)))),
    ...gpu,
    ...destinations.flatMap(({ checks }) => checks),
    ...checkProxies(context),
    ...(await at('TensorBoard', () => checkTensorboard(context))),
    ...(await at('runs', () => checkWaitingRuns(dir))),
  ]
}

/** A check of ours that breaks, or waits for what never answers, must not take the others with it. */
async function guarded(
  name: string,
  context: DoctorContext,
  check: () => Check[] | Promise<Check[]>,
): Promise<Check[]> {
  const late = [failed(name, 'the check did not end in time', 'look at the machine: something there hangs')]
  try {
    return await inTime(context.timeoutMs + GRACE_MS, Promise.resolve().then(check), late)
  } catch (error) {
    return [failed(name, `could not be checked: ${(error as Error).message}`, 'mend what the message says')]
  }
}

async function destination(
  name: string,
  context: DoctorContext,
  check: (context: DoctorContext) => Promise<DestinationChecks>,
): Promise<DestinationChecks> {
  let found = NOT_WANTED
  const checks = await guarded(name, context, async () => {
    found = await check(context)
    return [...found.checks]
  })
  return { checks, reached: found.reached }
}

async function inTime<T>(ms: number, work: Promise<T>, late: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<T>((resolve) => {
    timer = setTimeout(resolve, ms, late)
  })
  try {
    return await Promise.race([work, deadline])
  } finally {
    clearTimeout(timer)
  }
}
