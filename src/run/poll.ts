const POLL_MS = 2

export const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Asks every 2 ms. False where the deadline comes first. */
export async function poll(done: () => boolean, deadline: number): Promise<boolean> {
  for (;;) {
    if (done()) return true
    if (performance.now() >= deadline) return false
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}
