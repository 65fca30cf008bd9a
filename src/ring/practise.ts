import { Control } from './control.js'
import { tailIndex } from './layout.js'
import { createRing } from './ring.js'
import { RingWriter } from './writer.js'

/** So small that it is full, half full and at its end every few frames. */
const SMALL = {
  producer: 0,
  capacityBytes: 4096,
  whenFull: 'drop',
  maxCapacityBytes: 0,
  maxBlockMs: 0,
} as const
const FRAME_WORDS = 30
const FRAMES = 512
const RELEASE_EVERY = 11

let practised = false

/**
 * Takes the rare turns of a ring often, in one that nobody reads, once in each thread. V8 compiles hot code without the
 * branches that have never run: the first call that came to half of the ring or to its end, some ten seconds into a run,
 * threw that code away, and those after it were interpreted until it was made anew.
 */
export function practise(): void {
  if (practised) return
  practised = true
  const writer = new RingWriter(createRing(SMALL), new Control())
  const release = () => Atomics.store(writer.header, tailIndex(0), writer.head)
  for (let frame = 0; frame < FRAMES; frame++) {
    if (writer.reserve(FRAME_WORDS) < 0) release()
    else writer.publish(FRAME_WORDS)
    // At first the ring is emptied when it is full, and then before: its end comes in both ways.
    if (frame > FRAMES / 2 && frame % RELEASE_EVERY === 0) release()
  }
}
