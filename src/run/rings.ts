import type { NamedRing } from '../daemon/messages.js'
import { MEDIA_PRODUCER } from '../record/media.js'
import type { Control } from '../ring/control.js'
import { HEADER_BYTES, I32 } from '../ring/layout.js'
import { createRing, type RingOptions } from '../ring/ring.js'
import { directoryName } from './producer-name.js'

type Sizes = Omit<RingOptions, 'producer'>

/** Records of media name their files: they are small, and rare. */
const MEDIA_RING: Sizes = {
  capacityBytes: 256 * 1024,
  whenFull: 'drop',
  maxCapacityBytes: 256 * 1024,
  maxBlockMs: 0,
}

/** The rings of one run: of the thread that owns it, of its further producers, and of media and updates. */
export class RunRings {
  readonly list: NamedRing[]
  readonly #sizes: Sizes
  readonly #control: Control
  readonly #added: (ring: NamedRing) => void

  /** `added`: called for every ring but the first. */
  constructor(sizes: Sizes, control: Control, added: (ring: NamedRing) => void) {
    this.#sizes = sizes
    this.#control = control
    this.#added = added
    const id = control.nextProducer()
    this.list = [{ id, name: 'main', ring: createRing({ ...sizes, producer: id }) }]
  }

  get buffers(): SharedArrayBuffer[] {
    return this.list.map(({ ring }) => ring)
  }

  addProducer(name: string | undefined): NamedRing {
    const id = this.#control.nextProducer()
    return this.#add(id, name ?? `producer-${id}`, this.#sizes)
  }

  /** Media records come through a ring that the daemon fills. `tell`: false where there is no daemon yet. */
  openMediaRing(tell = true): void {
    if (this.list.some(({ id }) => id === MEDIA_PRODUCER)) return
    this.#add(MEDIA_PRODUCER, 'media', MEDIA_RING, tell)
  }

  /** From here on, log calls are counted as dropped. Media that were posted before still come. */
  close(): void {
    for (const { id, ring } of this.list) {
      if (id !== MEDIA_PRODUCER) new Int32Array(ring, 0, HEADER_BYTES / 4)[I32.CLOSED] = 1
    }
  }

  #add(id: number, name: string, sizes: Sizes, tell = true): NamedRing {
    const named = { id, name: directoryName(name, this.list), ring: createRing({ ...sizes, producer: id }) }
    this.list.push(named)
    if (tell) this.#added(named)
    return named
  }
}
