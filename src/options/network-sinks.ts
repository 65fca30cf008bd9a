import type { ResolvedSink, RunMode } from './options.js'

type Env = { readonly [name: string]: string | undefined }

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
  if (sink.name !== 'wandb') return sink
  const own = sink.options.mode ?? OFF_THE_NETWORK[env.WANDB_MODE?.trim() ?? '']
  const mode = runMode === 'offline' && own !== 'disabled' ? 'offline' : own
  return mode === undefined ? sink : { ...sink, options: { ...sink.options, mode } }
}

/** As its own clients, W&B shows what the process printed, and what the machine did meanwhile. */
export const showsSurroundings = ({ name, options }: ResolvedSink): boolean =>
  name === 'wandb' && options.mode !== 'disabled'
