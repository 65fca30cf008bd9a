/** Uses a whole core, until the process that started it lets go of it or is gone. */
const SLICE_MS = 20

let busy = 1

function spin(): void {
  const end = performance.now() + SLICE_MS
  while (performance.now() < end) {
    for (let i = 0; i < 1000; i++) busy = (busy * 1_664_525 + 1_013_904_223) | 0
  }
  // A disconnect is heard in between.
  setImmediate(spin)
}

process.on('disconnect', () => process.exit())
process.send!('spinning')
spin()
