import type { Dispatcher } from 'undici'
import { SinkError } from '../../../errors.js'

/** W&B's answers are small; a page of somebody else's need not be read to its end. */
const MAX_ANSWER_BYTES = 1024 * 1024

export interface Answer {
  readonly status: number
  readonly headers: { readonly [name: string]: string | string[] | undefined }
  readonly text: string
}

/** Reads the whole of it. */
export async function answerOf({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<Answer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += (chunk as Buffer).length
    if (bytes > MAX_ANSWER_BYTES) {
      const message = `the W&B server has answered with over ${MAX_ANSWER_BYTES} bytes`
      throw new SinkError('retry', 'BAD_ANSWER', message)
    }
    chunks.push(chunk as Buffer)
  }
  return { status: statusCode, headers, text: Buffer.concat(chunks).toString('utf8') }
}
