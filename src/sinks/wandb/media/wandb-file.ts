/** A file that goes to W&B beside the lines, to be there before the line that names it. */
export interface WandbFile {
  /** Path among the run's files at W&B, with `/`: `media/images/samples_3_0123456789abcdef0123.png`. */
  readonly name: string
  /** The row of the batch that it belongs to: a dead letter, where W&B refuses the file. */
  readonly row: number
  /** `_step` of the line that names it; null where none does. */
  readonly step: number | null
  readonly bytes: number
  /** SHA-256 of the content, in hex. */
  readonly sha256: string
  /** Where it is in the run directory, relative to that, with `/`; null where `read()` makes it. */
  readonly path: string | null
  /** The content. Blocks. Throws MediaFileError where it is gone or damaged, and the file system's other errors. */
  read(): Uint8Array
}

/** Before its row is known. */
export type RowlessFile = Omit<WandbFile, 'row'>
