import type { NamedRing } from '../daemon/messages.js'
import { MEDIA_PRODUCER } from '../record/media.js'
import type { Control } from '../ring/control.js'
import { HEADER_BYTES, I32 } from '../ring/layout.js'
import { createRing, type RingOptions } from '../ring/ring.js'
import { directoryName } from './producer-name.js'
import { continueMediaRing, continueRing, type ResumedProducer } from './resumed.js'

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
  readonly list: NamedRing[] = []
  readonly #sizes: Sizes
  readonly #control: Control
  readonly #added: (ring: NamedRing) => void
  /** Producers of earlier processes that no thread has gone on with yet; their rings are closed. */
  readonly #asleep: ResumedProducer[] = []

  /** `added`: called for every ring that comes later. `resumed`: of a run that goes on; the first is the owner's. */
  constructor(
    sizes: Sizes,
    control: Control,
    added: (ring: NamedRing) => void,
    resumed: readonly ResumedProducer[] = [],
  ) {
    this.#sizes = sizes
    this.#control = control
    this.#added = added
    for (const producer of resumed) this.#resume(producer)
    if (resumed.length === 0) this.#add(control.nextProducer(), 'main', sizes, false)
    else this.openMediaRing(false)
  }

  get buffers(): SharedArrayBuffer[] {
    return this.list.map(({ ring }) => ring)
  }

  /** A new producer; or, in a run that goes on, the one of that name. */
  addProducer(name: string | undefined): {
    readonly named: NamedRing
    readonly keys: ResumedProducer['keys']
  } {
    const index = this.#asleep.findIndex((old) => old.name === (name ?? `producer-${old.id}`))
    if (index >= 0) {
      const { id, keys } = this.#asleep.splice(index, 1)[0]!
      const named = this.list.find((ring) => ring.id === id)!
      headerOf(named)[I32.CLOSED] = 0
      return { named, keys }
    }
    const id = this.#control.nextProducer()
    return { named: this.#add(id, name ?? `producer-${id}`, this.#sizes), keys: [] }
  }

  /** Media records come through a ring that the daemon fills. `tell`: false where there is no daemon yet. */
  openMediaRing(tell = true): void {
    if (this.list.some(({ id }) => id === MEDIA_PRODUCER)) return
    this.#add(MEDIA_PRODUCER, 'media', MEDIA_RING, tell)
  }

  /** From here on, log calls are counted as dropped. Media that were posted before still come. */
  close(): void {
    for (const named of this.list) if (named.id !== MEDIA_PRODUCER) headerOf(named)[I32.CLOSED] = 1
  }

  #resume(producer: ResumedProducer): void {
    const { id, name } = producer
    if (id === MEDIA_PRODUCER) {
      continueMediaRing(this.#add(id, name, MEDIA_RING, false).ring, producer)
      return
    }
    const named = this.#add(id, name, this.#sizes, false)
    continueRing(named.ring, producer)
    this.#control.beginProducersAt(Math.max(...this.list.map(threadOf)) + 1)
    if (this.list.length === 1) return
    headerOf(named)[I32.CLOSED] = 1
    this.#asleep.push(producer)
  }

  #add(id: number, name: string, sizes: Sizes, tell = true): NamedRing {
    const named = { id, name: directoryName(name, this.list), ring: createRing({ ...sizes, producer: id }) }
    this.list.push(named)
    if (tell) this.#added(named)
    return named
  }
}

const headerOf = ({ ring }: NamedRing): Int32Array => new Int32Array(ring, 0, HEADER_BYTES / 4)

const threadOf = ({ id }: NamedRing): number => (id === MEDIA_PRODUCER ? 0 : id)
