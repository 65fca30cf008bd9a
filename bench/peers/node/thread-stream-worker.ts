import fs from 'node:fs'

/** The stream that thread-stream's worker writes to; what it has written is on the disk when it closes. */
export default ({ file }: { file: string }): fs.WriteStream => fs.createWriteStream(file, { flush: true })
