import type { RecordBatch } from '../record/batch.js'
import type { SinkFactory } from './registry.js'
import type { RunOutcome, Sink, SinkContext, SinkState, WriteResult } from './sink.js'

/** A sink, of which only `write()` has to be there. `State`: what `write()` returns and `open()` gets back. */
export interface DefinedSink<State extends SinkState = SinkState> {
  /** See `Sink`. */
  readonly batchBytes?: number | undefined
  /** See `Sink`. */
  readonly afterRewind?: Sink['afterRewind']
  open?(context: SinkContext, state: State | null): Promise<void> | void
  write(
    batch: RecordBatch,
  ): Promise<WriteResult & { readonly state: State }> | (WriteResult & { readonly state: State })
  close?(outcome: RunOutcome): Promise<void> | void
}

/**
 * What a sink's module exports: gives types to the options and the state, lets `open()` and `close()` be left out, and
 * any of them be synchronous. Called once per session, on the thread that delivers; `options` are those of the sink in
 * `init()`, not checked.
 *
 *     export default defineSink<{ url: string }, { next: number }>((options) => ({ ... }))
 */
export function defineSink<
  Options extends object = Record<string, unknown>,
  State extends SinkState = SinkState,
>(create: (options: Options) => DefinedSink<State> | Promise<DefinedSink<State>>): SinkFactory {
  return async (options) => {
    const sink = await create(options as Options)
    const { batchBytes, afterRewind } = sink
    return {
      ...(batchBytes === undefined ? {} : { batchBytes }),
      ...(afterRewind === undefined ? {} : { afterRewind }),
      open: async (context, state) => sink.open?.(context, state as State | null),
      write: async (batch) => sink.write(batch),
      close: async (outcome) => sink.close?.(outcome),
    }
  }
}
