/** Metric names and their indexes: one list for all producers, and for all readers that share the table. */
export class NameTable {
  readonly names: string[] = []
  readonly #indexes = new Map<string, number>()

  indexOf(name: string): number {
    let index = this.#indexes.get(name)
    if (index === undefined) {
      index = this.names.push(name) - 1
      this.#indexes.set(name, index)
    }
    return index
  }
}
