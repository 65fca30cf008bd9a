import { crc32c } from '../../sinks/tensorboard/crc32c.js'
import { maskCrc, RECORD_FOOTER_BYTES, RECORD_HEADER_BYTES } from '../../sinks/tensorboard/tfrecord.js'
import { FileReader } from '../file-reader.js'
import type { LeftOut } from '../types.js'

/**
 * The records of an event file (see sinks/tensorboard/tfrecord.ts), each valid until the next one is asked for. One with
 * a wrong checksum is left out; behind a damaged length nothing can be found any more.
 */
export function* readRecords(path: string, leftOut: LeftOut): Generator<Buffer> {
  const file = new FileReader(path)
  try {
    for (;;) {
      const header = file.take(RECORD_HEADER_BYTES)
      if (header === null) {
        if (file.rest(1).length > 0) leftOut.add('torn records')
        return
      }
      if (header.readUInt32LE(8) !== maskCrc(crc32c(header, 0, 8))) {
        leftOut.add('files with a damaged end')
        return
      }
      const length = Number(header.readBigUInt64LE(0))
      const record = file.take(length + RECORD_FOOTER_BYTES)
      if (record === null) {
        leftOut.add('torn records')
        return
      }
      if (record.readUInt32LE(length) === maskCrc(crc32c(record, 0, length))) yield record.subarray(0, length)
      else leftOut.add('damaged records')
    }
  } finally {
    file.close()
  }
}
