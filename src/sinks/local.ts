import { isAlertTarget } from '../alerts/sink-names.js'
import type { ResolvedSink } from '../options/options.js'

/** Built-in sinks that talk to a server. */
const REMOTE: readonly string[] = ['wandb', 'wandb-upload', 'mlflow', 'mlflow-upload', 's3']

/**
 * True for a sink that writes files of the run directory and waits for nothing else: all of these share a thread,
 * and each batch that is decoded there. Any other has a thread of its own.
 */
export const isLocal = ({ name, module }: Pick<ResolvedSink, 'name' | 'module'>): boolean =>
  module === null && !REMOTE.includes(name) && !isAlertTarget(name)
