import type { BuiltInSink, ResolvedSink, RunMode } from './options.js'

type Env = { readonly [name: string]: string | undefined }

const NETWORK: readonly string[] = ['wandb', 'mlflow'] satisfies readonly BuiltInSink[]

/** Words of WANDB_MODE that keep a run off the network. Any other one is the sink's to judge. */
const OFF_THE_NETWORK: { readonly [word: string]: string } = {
  offline: 'offline',
  dryrun: 'offline',
  disabled: 'disabled',
}

/**
 * A sink that goes to the network, with the mode that it has for good: that of the run, its own, or that of the
 * environment of now, which whoever recovers the run may not have.
 */
export function withMode(sink: ResolvedSink, runMode: RunMode, env: Env): ResolvedSink {
  if (sink.name === 's3')
    return runMode === 'offline' ? { ...sink, options: { ...sink.options, mode: runMode } } : sink
  if (sink.module !== null || !NETWORK.includes(sink.name)) return sink
  const variable = sink.name === 'wandb' ? env.WANDB_MODE?.trim() : undefined
  const own = sink.options.mode ?? OFF_THE_NETWORK[variable ?? '']
  const mode = runMode === 'offline' && own !== 'disabled' ? 'offline' : own
  return mode === undefined ? sink : { ...sink, options: { ...sink.options, mode } }
}

/** As its own clients, W&B shows what the process printed, and what the machine did meanwhile. */
export const showsSurroundings = ({ name, options }: ResolvedSink): boolean =>
  name === 'wandb' && options.mode !== 'disabled'

/** A sink that shows what the process printed. */
export const showsConsole = (sink: ResolvedSink): boolean => sink.name === 'log' || showsSurroundings(sink)
