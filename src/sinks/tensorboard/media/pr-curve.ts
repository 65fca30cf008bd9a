import type { PrCurveValue } from '../../../record/media.js'
import { int64Field } from '../../protobuf/encoding.js'
import {
  DATA_CLASS,
  DATA_TYPE,
  float32Bytes,
  numberTensor,
  pluginMetadata,
  type SummaryValue,
} from './summary.js'

const PLUGIN = 'pr_curves'

/**
 * A DT_FLOAT tensor of shape [6, thresholds], a row per figure in this order (plugins/pr_curve/summary.py). The
 * plugin spreads the thresholds evenly from 0 to 1 by itself.
 */
export function encodePrCurve(tag: string, curve: PrCurveValue): SummaryValue {
  const rows = [
    curve.truePositives,
    curve.falsePositives,
    curve.trueNegatives,
    curve.falseNegatives,
    curve.precision,
    curve.recall,
  ]
  const thresholds = curve.truePositives.length
  const tensor = numberTensor(DATA_TYPE.float, [rows.length, thresholds], float32Bytes(rows.flat()))
  /** PrCurvePluginData: how many thresholds. */
  const metadata = pluginMetadata(PLUGIN, DATA_CLASS.tensor, int64Field(2, thresholds))
  return { tag, plugin: PLUGIN, tensor, metadata }
}
