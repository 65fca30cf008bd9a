import { isAlertTarget } from '../alerts/sink-names.js'
import type { ResolvedSink } from '../options/options.js'
import { SinkError } from './errors.js'
import { GuardedSink } from './guarded-sink.js'
import type { Sink } from './sink.js'

/** What a sink module exports: a factory, called once per session. */
export type SinkFactory = (options: ResolvedSink['options']) => Sink | Promise<Sink>

/** Loaded only when used, so that a user who logs to files loads no network client. */
const BUILT_IN: { readonly [name: string]: () => Promise<{ createSink: () => Sink }> } = {
  jsonl: () => import('./jsonl/sink.js'),
  csv: () => import('./csv/sink.js'),
  tensorboard: () => import('./tensorboard/sink.js'),
  console: () => import('./console/sink.js'),
  log: () => import('./log/sink.js'),
  wandb: () => import('./wandb/sink.js'),
  'wandb-upload': () => import('./wandb/upload/sink.js'),
  s3: () => import('./s3/sink.js'),
  mlflow: () => import('./mlflow/sink.js'),
  'mlflow-upload': () => import('./mlflow/sink.js'),
  summary: () => import('./summary/sink.js'),
  alerts: () => import('./alerts/sink.js'),
}

export async function loadSink({ name, module, export: exported, options }: ResolvedSink): Promise<Sink> {
  if (module === null) {
    const load = isAlertTarget(name) ? () => import('./alerts/target-sink.js') : BUILT_IN[name]!
    return (await load()).createSink()
  }
  let loaded: Record<string, unknown>
  try {
    loaded = (await import(module)) as Record<string, unknown>
  } catch (cause) {
    throw new SinkError(
      'pause',
      'SINK_MODULE',
      `The sink "${name}" cannot be loaded from ${module}: ${cause}`,
      { cause },
    )
  }
  const factory = loaded[exported]
  if (typeof factory !== 'function') {
    throw new SinkError(
      'pause',
      'SINK_MODULE',
      `${module} has no function "${exported}" that makes the sink "${name}"`,
    )
  }
  return new GuardedSink(name, await (factory as SinkFactory)(options))
}
