import type { Sink } from '../../src/index.js'

/** A destination whose code never returns: its thread can only be ended. */
export default function createSink(): Sink {
  return {
    open: async () => {},
    async write() {
      for (;;) {
        // until the thread is ended
      }
    },
    close: async () => {},
  }
}
