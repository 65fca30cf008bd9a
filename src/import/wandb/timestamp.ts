import { Message } from '../protobuf.js'

/** google.protobuf.Timestamp: seconds 1, nanos 2. In milliseconds since the epoch. Throws ProtobufError. */
export function timestamp(bytes: Buffer): number {
  const message = new Message(bytes)
  let milliseconds = 0
  while (message.next()) {
    if (message.field === 1) milliseconds += message.integer * 1000
    else if (message.field === 2) milliseconds += Math.round(message.integer / 1e6)
  }
  return milliseconds
}
