import fs from 'node:fs'
import { listSegments, segmentPath } from './files.js'
import { offsetOf, segmentOf } from './position.js'

/** Bytes of all segments of a journal; 0 where there is none. Blocks: one file call a segment. */
export function journalBytes(directory: string): number {
  return listSegments(directory).reduce((sum, segment) => sum + segmentBytes(directory, segment), 0)
}

/** Bytes of a journal before a place in it: how far a reader that stands there has come. Blocks likewise. */
export function bytesBefore(directory: string, position: number): number {
  const last = segmentOf(position)
  let bytes = 0
  for (const segment of listSegments(directory)) {
    if (segment > last) break
    const size = segmentBytes(directory, segment)
    bytes += segment < last ? size : Math.min(size, offsetOf(position))
  }
  return bytes
}

/** 0 where the segment was removed meanwhile. */
function segmentBytes(directory: string, segment: number): number {
  return fs.statSync(segmentPath(directory, segment), { throwIfNoEntry: false })?.size ?? 0
}
