import type { Sink } from '../../src/index.js'

/** A destination that takes the batch and never answers. */
export default function createSink(): Sink {
  return {
    open: async () => {},
    write: () => new Promise(() => {}),
    close: async () => {},
  }
}
