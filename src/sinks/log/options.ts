import * as v from 'valibot'
import { LOG_LEVELS } from '../../record/log-line.js'

export const logOptions = v.object({
  /** The least important level that is written. Lines of stdout count as info, of stderr as warn. */
  level: v.optional(v.picklist(LOG_LEVELS), 'trace'),
  /** More lines of one second than this are left out, and counted; 0: no limit. */
  maxLinesPerSecond: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0)), 1000),
})

export type LogOptions = v.InferOutput<typeof logOptions>
