/** What an answer of W&B's server means for the delivery. */
import { SinkError } from '../../../errors.js'
import { type Answer, shown as beginningOf, parse, retryAfterMs } from '../../../http/answer.js'
import { pause } from '../../../http/pause.js'

type JsonRecord = { readonly [key: string]: unknown }

/** The object that a 200 holds. Anything else is not W&B's answer (a proxy's page, say), and confirms nothing. */
export function confirmed(answer: Answer, key: string): JsonRecord {
  if (answer.status !== 200) throw refusal(answer, key)
  const said = parse(answer.text)
  if (said === null || said.error) {
    throw new SinkError('retry', 'BAD_ANSWER', `the W&B server answered 200 and ${shown(answer.text, key)}`)
  }
  return said
}

/**
 * - 400, 409, 422: something in the request is bad (`reject`); 413: it is too large (`split`);
 * - 401, 403, 404, 410, a redirect and the like: a person has to act, and it is looked at again now and then;
 * - everything else goes away by itself.
 */
function refusal(answer: Answer, key: string): SinkError {
  const { status } = answer
  const code = `HTTP_${status}`
  const said = `the W&B server answered ${status}: ${shown(answer.text, key)}`
  const limit = limitCode(answer)
  if (limit !== undefined) return pause(limit, `${said}: the run is at a limit of W&B; log fewer metrics`)
  switch (status) {
    case 400:
    case 409:
    case 422:
      return new SinkError('reject', code, said)
    case 413:
      return new SinkError('split', code, said)
    case 401:
      return pause(
        code,
        `W&B does not accept the API key: set WANDB_API_KEY, or run \`wandb login\` (${said})`,
      )
    case 403:
      return pause(code, `the W&B API key has no access: ask for access to the entity and project (${said})`)
    case 404:
    case 410:
      return pause(code, `W&B does not know the run's entity or project: check both (${said})`)
  }
  if (status < 400 || status === 405 || status === 501) {
    return pause(code, `this does not seem to be W&B's API: check WANDB_BASE_URL (${said})`)
  }
  return new SinkError('retry', code, said, { retryAfterMs: retryAfterMs(answer.headers) })
}

/**
 * A store of files has taken one; it may be somebody else's than W&B's. What it refuses is this address or this file:
 * `reject`.
 */
export function confirmedUpload(answer: Answer, key: string): void {
  const { status, headers, text } = answer
  if (status >= 200 && status < 300) return
  const said = `W&B's store of files answered ${status}: ${shown(text, key)}`
  const code = `HTTP_${status}`
  if (status >= 500 || [408, 418, 425, 429].includes(status)) {
    throw new SinkError('retry', code, said, { retryAfterMs: retryAfterMs(headers) })
  }
  throw new SinkError('reject', code, said)
}

/** True for what W&B has said in a 200 that was no yes: see graphql.ts. */
export const isRefusal = (error: unknown): error is SinkError =>
  error instanceof SinkError && error.code === 'WANDB_REFUSED'

/** W&B names the limit that a run has come to in a header. */
function limitCode({ headers }: Answer): string | undefined {
  const code = headers['x-wandb-error-code']
  return typeof code === 'string' && /limit/i.test(code) ? code.toUpperCase() : undefined
}

/** The beginning of an answer, for people, without the key. */
export const shown = (text: string, key: string): string => beginningOf(text, [`api:${key}`, key])
