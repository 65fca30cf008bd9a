import type { Problems } from '../problems.js'
import type { GradientList, Gradients, Optimizer, Tensor, TfCore } from '../types.js'

/** The gradients of one update, by variable. */
export type GradientMap = ReadonlyMap<string, Tensor>

export interface Update {
  /** What was applied. */
  readonly applied: GradientMap
  /**
   * What was computed, where that is known: the very tensors of `applied` where nothing clipped them, clones
   * otherwise. Null where several computations went into one update (accumulated gradients).
   */
  readonly computed: GradientMap | null
}

export interface HookListener {
  /** True where the next update is to be looked at. */
  wanted(): boolean
  /** After each update; with its gradients where it was wanted. They are valid for this call only. */
  updated(update: Update | null): void
}

/**
 * Listens to an optimizer: `computeGradients()` and `applyGradients()` of this one object are wrapped. tfjs' own
 * `minimize()`, and so `model.fit()`, goes through both; a training loop that clips stands between them.
 */
export class GradientHook {
  readonly #optimizer: Optimizer
  readonly #tf: TfCore
  readonly #listener: HookListener
  readonly #problems: Problems
  readonly #restore: (() => void)[] = []
  #computed: { readonly originals: GradientMap; readonly clones: GradientMap } | null = null
  #computations = 0
  #on = true

  constructor(optimizer: Optimizer, tf: TfCore, listener: HookListener, problems: Problems) {
    this.#optimizer = optimizer
    this.#tf = tf
    this.#listener = listener
    this.#problems = problems
    const { computeGradients, applyGradients } = optimizer
    this.#wrap('computeGradients', (...args) => {
      const result = computeGradients.apply(optimizer, args)
      if (this.#on) this.#problems.catch('watch', 'watch()', () => this.#remember(result.grads))
      return result
    })
    this.#wrap('applyGradients', (gradients) => {
      applyGradients.call(optimizer, gradients)
      if (this.#on) this.#problems.catch('watch', 'watch()', () => this.#updated(gradients))
    })
  }

  /** The optimizer is as it was. Where another has wrapped it since, this one only stops listening. */
  remove(): void {
    this.#on = false
    this.#forget()
    for (const restore of this.#restore.splice(0)) restore()
  }

  #wrap<Name extends 'computeGradients' | 'applyGradients'>(name: Name, wrapper: Optimizer[Name]): void {
    const optimizer: Partial<Optimizer> = this.#optimizer
    const own = Object.hasOwn(optimizer, name) ? optimizer[name] : undefined
    optimizer[name] = wrapper
    this.#restore.push(() => {
      if (optimizer[name] !== wrapper) return
      // Without a property of its own, the object has the method of its class again.
      if (own === undefined) delete optimizer[name]
      else optimizer[name] = own
    })
  }

  /** Whoever clips may dispose of these: clones are kept until the update. They hold no memory of their own. */
  #remember(gradients: Gradients): void {
    this.#computations++
    this.#forget()
    if (this.#computations > 1 || !this.#listener.wanted()) return
    const originals = toMap(gradients)
    const clones = new Map([...originals].map(([name, tensor]) => [name, this.#tf.keep(tensor.clone())]))
    this.#computed = { originals, clones }
  }

  #updated(gradients: Gradients | GradientList): void {
    const wanted = this.#listener.wanted()
    try {
      const applied = wanted ? toMap(gradients) : null
      this.#listener.updated(applied === null ? null : { applied, computed: this.#computedFor(applied) })
    } finally {
      this.#computations = 0
      this.#forget()
    }
  }

  #computedFor(applied: GradientMap): GradientMap | null {
    if (this.#computed === null) return null
    const { originals, clones } = this.#computed
    const untouched = [...applied].every(([name, tensor]) => originals.get(name) === tensor)
    return untouched ? applied : clones
  }

  #forget(): void {
    for (const clone of this.#computed?.clones.values() ?? []) clone.dispose()
    this.#computed = null
  }
}

/** A variable that the loss does not depend on has no gradient. */
function toMap(gradients: Gradients | GradientList): GradientMap {
  const entries = Array.isArray(gradients)
    ? (gradients as GradientList).map(({ name, tensor }) => [name, tensor] as const)
    : Object.entries(gradients as Gradients)
  const map = new Map<string, Tensor>()
  for (const [name, tensor] of entries) if (tensor !== null && tensor !== undefined) map.set(name, tensor)
  return map
}
