import { METADATA } from '../safetensors/encode.js'

/** Names within a file of tensors: one that is taken gets a number, always the same for the same names in order. */
export class UniqueNames {
  // The format keeps that name for itself.
  readonly #taken = new Set<string>([METADATA])

  add(name: string): string {
    let unique = name
    for (let n = 1; this.#taken.has(unique); n++) unique = `${name}_${n}`
    this.#taken.add(unique)
    return unique
  }
}
