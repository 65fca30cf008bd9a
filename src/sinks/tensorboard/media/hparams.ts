/**
 * The hyper-parameters of a run and how it ended, for TensorBoard's page "HParams" (plugins/hparams/
 * plugin_data.proto). They are in the run's own directory: a directory of their own, as other writers make, is
 * another run to every other page.
 */
import { createHash } from 'node:crypto'
import type { HParamsValue } from '../../../record/media.js'
import { bytesField, doubleField, int64Field } from '../../protobuf/encoding.js'
import type { RunOutcome, RunStatus } from '../../sink.js'
import { DATA_CLASS, emptyTensor, pluginMetadata, type SummaryValue } from './summary.js'

const PLUGIN = 'hparams'
export const HPARAMS_TAG_PREFIX = '_hparams_/'
export const SESSION_START_TAG = `${HPARAMS_TAG_PREFIX}session_start_info`
const END_TAG = `${HPARAMS_TAG_PREFIX}session_end_info`

type HParam = HParamsValue['values'][string]

/** Status of `session_end_info`. */
const SUCCESS = 1
const FAILURE = 2
const STATUS: { readonly [Status in Exclude<RunStatus, 'running'>]: number } = {
  completed: SUCCESS,
  failed: FAILURE,
  killed: FAILURE,
  crashed: FAILURE,
}

/** `startTime`: milliseconds since the epoch. */
export function encodeSessionStart({ values }: HParamsValue, startTime: number): SummaryValue {
  const entries = Object.entries(values).map(([name, value]) =>
    bytesField(1, bytesField(1, name), bytesField(2, encodeHParam(value))),
  )
  const info = bytesField(3, ...entries, bytesField(4, groupName(values)), doubleField(5, startTime / 1000))
  return hparamsValue(SESSION_START_TAG, info)
}

function encodeSessionEnd(status: Exclude<RunStatus, 'running'>, endTime: number): SummaryValue {
  return hparamsValue(END_TAG, bytesField(4, int64Field(1, STATUS[status]), doubleField(2, endTime / 1000)))
}

/** The end of a session, for one that has ended; whole milliseconds, as run.json has them. */
export function sessionEnd({
  status,
  endTime,
}: RunOutcome): { value: SummaryValue; wallTime: number } | null {
  if (status === 'running') return null
  const time = Math.trunc(endTime)
  return { value: encodeSessionEnd(status, time), wallTime: time / 1000 }
}

function hparamsValue(tag: string, content: Uint8Array): SummaryValue {
  const metadata = pluginMetadata(PLUGIN, DATA_CLASS.tensor, content)
  return { tag, plugin: PLUGIN, tensor: emptyTensor(), metadata }
}

/** google.protobuf.Value. TensorBoard's answer is JSON: one number that JSON cannot hold would end the page. */
function encodeHParam(value: HParam): Buffer {
  if (typeof value === 'boolean') return int64Field(4, value ? 1 : 0)
  if (typeof value === 'number' && Number.isFinite(value)) return doubleField(2, value)
  return bytesField(3, String(value))
}

/** Runs with equal values are one group, as TensorBoard's own writer has it: by the hash of their sorted JSON. */
function groupName(values: HParamsValue['values']): string {
  const sorted = Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex')
}
