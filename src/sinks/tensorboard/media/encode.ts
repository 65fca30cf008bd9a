import { checkedValue, readMediaFile } from '../../../media/checked-file.js'
import type { FileKind, MediaKind, MediaRecordOf, MediaValues } from '../../../record/media.js'
import type { UpdateKind } from '../../../record/updates.js'
import { encodeAudio } from './audio.js'
import { encodeCustomScalars } from './custom-scalars.js'
import { encodeGraph } from './graph.js'
import { encodeGraphDef } from './graph-def.js'
import { encodeHistogram } from './histogram.js'
import { encodeImage } from './image.js'
import { encodeMesh } from './mesh.js'
import { encodePrCurve } from './pr-curve.js'
import type { SummaryValue } from './summary.js'
import { encodeTable } from './table.js'
import { encodeText } from './text.js'

/** What an event file holds of a media record. */
export interface EncodedMedia {
  readonly values: readonly SummaryValue[]
  /** For an Event of its own. */
  readonly graphDef?: Buffer | null
}

export type TaggedKind = Exclude<MediaKind, UpdateKind | 'hparams'>
type Encode<Kind extends MediaKind> = (
  name: string,
  value: MediaValues[Kind],
  bytes: Kind extends FileKind ? Buffer : undefined,
) => EncodedMedia

const one = (value: SummaryValue): EncodedMedia => ({ values: [value] })

const ENCODERS: { readonly [Kind in TaggedKind]: Encode<Kind> } = {
  histogram: (name, value) => one(encodeHistogram(name, value)),
  image: (name, value, bytes) => one(encodeImage(name, value, bytes)),
  audio: (name, _value, bytes) => one(encodeAudio(name, bytes)),
  text: (name, { text }) => one(encodeText(name, text)),
  table: (name, value) => one(encodeTable(name, value)),
  'pr-curve': (name, value) => one(encodePrCurve(name, value)),
  graph: (name, value) => ({ values: [encodeGraph(name, value)], graphDef: encodeGraphDef(value) }),
  'custom-scalars': (_name, value) => one(encodeCustomScalars(value)),
  mesh: (name, value) => ({ values: encodeMesh(name, value) }),
}

/** Reads the record's file, where it has one. Blocks. Throws MediaFileError, and the file system's other errors. */
export function encodeMedia(runDir: string, record: MediaRecordOf<TaggedKind>): EncodedMedia {
  const { kind, name, file } = record
  const isFile = kind === 'image' || kind === 'audio'
  const bytes = isFile ? readMediaFile(runDir, file!) : undefined
  return (ENCODERS[kind] as Encode<MediaKind>)(name, checkedValue(runDir, record), bytes as never)
}
