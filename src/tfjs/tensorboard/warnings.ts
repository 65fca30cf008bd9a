/** What went wrong with one directory: every case is counted, the first of each kind is told. */
export class Warnings {
  readonly #logdir: string
  readonly #counts = new Map<string, number>()

  constructor(logdir: string) {
    this.#logdir = logdir
  }

  /** Counts; the first time also a process warning. */
  warn(kind: string, message: string, times = 1): void {
    const before = this.#counts.get(kind) ?? 0
    this.#counts.set(kind, before + times)
    if (before > 0) return
    process.emitWarning(`${message} (TensorBoard directory ${this.#logdir}; told once, counted always)`, {
      type: 'OffstepWarning',
      code: `OFFSTEP_TENSORBOARD_${kind.toUpperCase().replaceAll('-', '_')}`,
    })
  }

  /** How often each kind of trouble happened. */
  get counts(): { readonly [kind: string]: number } {
    return Object.fromEntries(this.#counts)
  }
}
