/** Where the entries of the pool threads are; bundlers see literals only. */
export interface DaemonEntries {
  readonly drain: string
  readonly deliver: string
  readonly recover: string
  readonly media: string
  readonly plot: string
  readonly checkpoint: string
}
