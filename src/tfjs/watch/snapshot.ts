import { DeviceRead, type LateScalar } from '../device-read.js'
import type { Tensor, TfCore } from '../types.js'
import type { Update } from './gradient-hook.js'
import { layerIn, type Parameter } from './parameters.js'
import { normOf, packStatistics, statisticsAt, type TensorStatistics } from './statistics.js'

/** A tensor of a snapshot, and where its statistics are in the read. */
interface Entry {
  readonly name: string
  readonly layer: string
  readonly tensor: Tensor
  readonly index: number
}

interface Result {
  readonly name: string
  readonly size: number
  readonly statistics: TensorStatistics
}

/** Weights and gradients of one update: their statistics are computed at once, and read back in one go. */
export class Snapshot {
  readonly weights: readonly Entry[]
  readonly gradients: readonly Entry[]
  readonly read: DeviceRead
  /** Gradients before they were clipped; null where that is not known. */
  readonly #computed: readonly Entry[] | null
  readonly #sizes: ReadonlyMap<Entry, number>

  constructor(tf: TfCore, parameters: readonly Parameter[], { applied, computed }: Update) {
    const tensors: Tensor[] = []
    const layers = new Map(parameters.map(({ name, layer }) => [name, layer]))
    const entry = (name: string, tensor: Tensor): Entry => {
      const index = tensors.push(tensor) - 1
      return { name, layer: layers.get(name) ?? layerIn(name), tensor, index }
    }
    this.weights = parameters.map((parameter) => entry(parameter.name, parameter.read()))
    this.gradients = [...applied].map(([name, tensor]) => entry(name, tensor))
    this.#computed = unclipped(applied, computed, this.gradients, entry)
    this.#sizes = new Map([...this.weights, ...this.gradients].map((one) => [one, one.tensor.size]))
    // Now: gradients are gone after the update, and weights change.
    const packed = packStatistics(tf, tensors)
    this.read = new DeviceRead(() => packed)
  }

  /** The row of this update; its values come with the read. */
  row(prefix: string): Record<string, LateScalar> {
    const row: Record<string, LateScalar> = {}
    this.#describe(row, `${prefix}weights/`, this.weights)
    this.#describe(row, `${prefix}gradients/`, this.gradients)
    if (this.#computed !== null && this.gradients.length > 0) {
      const before = indicesOf(this.#computed)
      const after = indicesOf(this.gradients)
      row[`${prefix}gradients/norm_before_clip`] = this.read.value((read) => normOf(read, before))
      row[`${prefix}gradients/clip_ratio`] = this.read.value((read) =>
        ratio(normOf(read, after), normOf(read, before)),
      )
    }
    return row
  }

  /** What a guard is told of. */
  *results(read: ArrayLike<number>, prefix: string): Generator<Result> {
    for (const [kind, entries] of [
      ['weights/', this.weights],
      ['gradients/', this.gradients],
    ] as const) {
      for (const entry of entries) {
        const name = prefix + kind + entry.name
        yield { name, size: this.#sizes.get(entry)!, statistics: statisticsAt(read, entry.index) }
      }
    }
  }

  #describe(row: Record<string, LateScalar>, prefix: string, entries: readonly Entry[]): void {
    if (entries.length === 0) return
    for (const { name, index } of entries) {
      row[`${prefix + name}/nan`] = this.read.value((read) => statisticsAt(read, index).nan)
      row[`${prefix + name}/infinite`] = this.read.value((read) => statisticsAt(read, index).infinite)
    }
    for (const [layer, indices] of byLayer(entries)) {
      row[`${prefix + layer}/norm`] = this.read.value((read) => normOf(read, indices))
    }
    const all = indicesOf(entries)
    row[`${prefix}norm`] = this.read.value((read) => normOf(read, all))
  }
}

/** Gradients that nobody changed need not be looked at twice. */
function unclipped(
  applied: Update['applied'],
  computed: Update['computed'],
  gradients: readonly Entry[],
  entry: (name: string, tensor: Tensor) => Entry,
): readonly Entry[] | null {
  if (computed === null) return null
  return computed === applied ? gradients : [...computed].map(([name, tensor]) => entry(name, tensor))
}

function byLayer(entries: readonly Entry[]): Map<string, number[]> {
  const layers = new Map<string, number[]>()
  for (const { layer, index } of entries) {
    const indices = layers.get(layer)
    if (indices === undefined) layers.set(layer, [index])
    else indices.push(index)
  }
  return layers
}

const indicesOf = (entries: readonly Entry[]): number[] => entries.map(({ index }) => index)

/** 1 where nothing was clipped, also where there was nothing to clip. */
const ratio = (after: number, before: number): number => (before === 0 && after === 0 ? 1 : after / before)
