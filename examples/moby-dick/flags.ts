import { parseArgs } from 'node:util'
import type { SinkOption } from '../../src/index.js'
import { type Backend, backends } from './backend.js'
import type { Budget } from './schedule.js'
import { UsageError } from './usage-error.js'

const DEFAULT_SECONDS = 60

export const usage = `Trains a character language model on Moby-Dick, tracked by offstep.

Usage: node dist/examples/moby-dick/main.js [options]

  --backend NAME   ${backends.join(' | ')} (default wasm; the last two need a GPU and an extra package)
  --steps N        end after N gradient steps
  --seconds N      end after N seconds of training (default ${DEFAULT_SECONDS}, unless --steps is given)
  --dir PATH       directory of the runs (default ./runs)
  --sinks A,B      where the metrics go (default jsonl,csv,tensorboard)
  --seed N         seed of the weights and batches (default 1); with --steps a run can be repeated exactly
  --resume [RUN]   go on with a run from its newest checkpoint: an id, or the newest run
  --no-progress    no progress bar
  --help           this text`

export interface Flags {
  readonly backend: Backend
  readonly budget: Budget
  readonly dir: string
  readonly sinks: SinkOption[]
  readonly seed: number
  /** A run's id, or `latest`; null: a new run. */
  readonly resume: string | null
  readonly progress: boolean
  readonly help: boolean
}

/** Throws a UsageError that names the wrong flag. */
export function parseFlags(args: string[]): Flags {
  const values = parse(withRunOf('--resume', args))
  const steps = values.steps === undefined ? undefined : positiveInteger('--steps', values.steps)
  const seconds = values.seconds === undefined ? undefined : positiveNumber('--seconds', values.seconds)
  return {
    backend: oneOf('--backend', values.backend, backends),
    budget: {
      ...(steps !== undefined && { steps }),
      ...(seconds !== undefined && { seconds }),
      ...(steps === undefined && seconds === undefined && { seconds: DEFAULT_SECONDS }),
    },
    dir: values.dir,
    // init() knows the names, and lists those that are wrong.
    sinks: list('--sinks', values.sinks) as SinkOption[],
    seed: nonNegativeInteger('--seed', values.seed),
    resume: values.resume ?? null,
    progress: !values['no-progress'],
    help: values.help,
  }
}

/** The flag's value may be left out. */
function withRunOf(flag: string, args: readonly string[]): string[] {
  const at = args.indexOf(flag)
  const alone = at >= 0 && (args[at + 1] ?? '--').startsWith('-')
  return alone ? [...args.slice(0, at + 1), 'latest', ...args.slice(at + 1)] : [...args]
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        backend: { type: 'string', default: 'wasm' },
        steps: { type: 'string' },
        seconds: { type: 'string' },
        dir: { type: 'string', default: process.env.OFFSTEP_DIR ?? './runs' },
        sinks: { type: 'string', default: 'jsonl,csv,tensorboard' },
        seed: { type: 'string', default: '1' },
        resume: { type: 'string' },
        'no-progress': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values
  } catch (error) {
    const [firstSentence] = (error as Error).message.split(/\.\s|\n/)
    throw new UsageError(`${firstSentence!.replace(/\.$/, '')} (--help lists the options).`)
  }
}

function oneOf<T extends string>(flag: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value)
  if (found === undefined)
    throw new UsageError(`${flag} must be one of ${allowed.join(', ')}, not '${value}'.`)
  return found
}

function list(flag: string, value: string): string[] {
  const items = value.split(',').map((item) => item.trim())
  if (items.includes('')) throw new UsageError(`${flag} must be names separated by commas, not '${value}'.`)
  return items
}

function positiveNumber(flag: string, value: string): number {
  const number = Number(value)
  if (!(number > 0 && number < Infinity))
    throw new UsageError(`${flag} must be a number above 0, not '${value}'.`)
  return number
}

function positiveInteger(flag: string, value: string): number {
  const number = positiveNumber(flag, value)
  if (!Number.isSafeInteger(number))
    throw new UsageError(`${flag} must be a whole number above 0, not '${value}'.`)
  return number
}

function nonNegativeInteger(flag: string, value: string): number {
  if (!/^\d+$/.test(value) || Number(value) > 0xffffffff) {
    throw new UsageError(`${flag} must be a whole number from 0 to 4294967295, not '${value}'.`)
  }
  return Number(value)
}
