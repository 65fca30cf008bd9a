import type { MediaKind } from '../../record/media.js'
import type { MediaInputs, MediaRequest, ProcessedMedia } from '../request.js'
import { processAlert } from './alert.js'
import { processArtifact } from './artifact.js'
import { processAudio } from './audio.js'
import { processCustomScalars } from './custom-scalars.js'
import { processFile } from './file.js'
import { processGraph } from './graph.js'
import { processHistogram } from './histogram.js'
import { processHParams } from './hparams.js'
import { processImage } from './image.js'
import { processMesh } from './mesh.js'
import { processMetric } from './metric.js'
import { processConfig, processSummary } from './parameters.js'
import { processPrCurve } from './pr-curve.js'
import { processTable } from './table.js'
import { processText } from './text.js'

type Processor<Kind extends MediaKind> = (
  input: MediaInputs[Kind],
  runDir: string,
  name: string,
) => ProcessedMedia<Kind> | Promise<ProcessedMedia<Kind>>

const PROCESSORS: { readonly [Kind in MediaKind]: Processor<Kind> } = {
  histogram: processHistogram,
  image: processImage,
  audio: processAudio,
  text: processText,
  table: processTable,
  'pr-curve': processPrCurve,
  graph: processGraph,
  hparams: processHParams,
  'custom-scalars': processCustomScalars,
  mesh: processMesh,
  config: processConfig,
  summary: processSummary,
  metric: processMetric,
  alert: processAlert,
  console: (output) => ({ value: output }),
  system: (sample) => ({ value: sample }),
  resume: (resumed) => ({ value: resumed }),
  checkpoint: (saved) => ({ value: saved }),
  file: processFile,
  artifact: processArtifact,
}

/** Checks and works up the input of one media call. Throws a MediaError where it makes no media. */
export async function processMedia(
  { kind, input, name }: MediaRequest,
  runDir: string,
): Promise<ProcessedMedia<MediaKind>> {
  return (PROCESSORS[kind] as Processor<MediaKind>)(input as never, runDir, name)
}
