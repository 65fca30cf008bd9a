/** What an answer of MLflow's server means for the delivery. */
import { SinkError } from '../../errors.js'
import { type Answer, parse, retryAfterMs, shown } from '../../http/answer.js'
import { pause } from '../../http/pause.js'

export type JsonRecord = { readonly [key: string]: unknown }

/** SQLAlchemy's, and those of the databases below it: a primary key is there already. */
const INTEGRITY = /IntegrityError|UNIQUE constraint|duplicate key|Duplicate entry/i
/** A database that has failed is told as a bad request, whatever was wrong with it. */
const DATABASE = /sqlalchemy|sqlite3\.|psycopg|pymysql|database is locked|deadlock/i
/** Of them, what is about the value: it is too long for its column, or has characters that its character set lacks. */
const DATA = /DataError|data too long|value too long|incorrect string value|StringDataRightTruncation/i
const DELETED_RUN = /must be in (the )?'?active/i

/** Of servers since 3.5: https://mlflow.org/docs/latest/self-hosting/security/network/. */
const HOST = /Invalid Host header/i
const NO_STORE = /--no-serve-artifacts/
const DENIED = /permission.denied/i

export const RUN_DELETED = 'MLFLOW_RUN_DELETED'
export const INTEGRITY_CODE = 'MLFLOW_INTEGRITY'
export const NOT_FOUND = 'RESOURCE_DOES_NOT_EXIST'
export const EXISTS = 'RESOURCE_ALREADY_EXISTS'

/** The object that a 200 holds. Anything else is not MLflow's answer (a proxy's page, say), and confirms nothing. */
export function confirmed(answer: Answer, secrets: readonly string[]): JsonRecord {
  if (answer.status !== 200) throw refusal(answer, secrets)
  const said = answer.text.trim() === '' ? null : parse(answer.text)
  if (said !== null) return said
  throw new SinkError(
    'retry',
    'BAD_ANSWER',
    `the MLflow server answered 200 and no JSON: check MLFLOW_TRACKING_URI (${shown(answer.text, secrets)})`,
  )
}

/**
 * - 400, 409, 422: something in the request is bad (`reject`), unless the database has failed; 413: too large (`split`);
 * - 401, 403, 404, a redirect and the like: a person has to act, and it is looked at again now and then;
 * - everything else goes away by itself.
 *
 * The code is MLflow's `error_code` where it gives one.
 */
export function refusal(answer: Answer, secrets: readonly string[]): SinkError {
  const { status, headers, text } = answer
  const given = parse(text)?.error_code
  const code = typeof given === 'string' ? given : `HTTP_${status}`
  const message = parse(text)?.message
  const said = `the MLflow server answered ${status}: ${shown(typeof message === 'string' ? message : text, secrets)}`
  if (INTEGRITY.test(text)) return new SinkError('retry', INTEGRITY_CODE, said)
  if (status === 400 && DELETED_RUN.test(text)) {
    return pause(RUN_DELETED, `the run was deleted at MLflow: restore it there (${said})`)
  }
  if (status === 400 && DATABASE.test(text) && !DATA.test(text))
    return new SinkError('retry', 'MLFLOW_DATABASE', said)
  if (NO_STORE.test(text)) {
    const fix = 'start it with --serve-artifacts'
    return pause('MLFLOW_NO_STORE', `the MLflow server does not take files any more: ${fix} (${said})`)
  }
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
        `MLflow does not accept the credentials: set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN (${said})`,
      )
    case 403:
      if (HOST.test(text)) {
        const fix = 'start it with --allowed-hosts and that name, or have the proxy send another Host'
        return pause(code, `the MLflow server does not know the name that it was called by: ${fix} (${said})`)
      }
      return pause(code, `MLflow refuses access: ask for access to the experiment (${said})`)
    case 404:
      if (code === NOT_FOUND) return pause(code, `MLflow does not have it: check the ids (${said})`)
  }
  const location = status < 400 ? locationOf(headers) : ''
  if (location !== '') {
    return pause(code, `the MLflow server sends us to ${location}: check MLFLOW_TRACKING_URI (${said})`)
  }
  if (status < 400 || [404, 405, 410, 501].includes(status)) {
    return pause(code, `this does not seem to be MLflow's API: check MLFLOW_TRACKING_URI (${said})`)
  }
  return new SinkError('retry', code, said, { retryAfterMs: retryAfterMs(headers) })
}

/**
 * A store of files has taken one; it may be somebody else's than MLflow's. What it refuses is this address or this file:
 * `reject`. `what`: before the status, in the code.
 */
export function confirmedUpload(answer: Answer, secrets: readonly string[], what = 'HTTP'): Answer {
  const { status, headers, text } = answer
  if (status >= 200 && status < 300) return answer
  // What a person has to mend; another 403 may be about this file alone.
  if (status === 401 || (status === 403 && DENIED.test(text)) || NO_STORE.test(text))
    throw refusal(answer, secrets)
  const said = `MLflow's store of files answered ${status}: ${shown(text, secrets)}`
  const code = `${what}_${status}`
  if (status >= 500 || [408, 418, 425, 429].includes(status)) {
    throw new SinkError('retry', code, said, { retryAfterMs: retryAfterMs(headers) })
  }
  const fix = status === 413 ? '; raise its limit, or that of the proxy before it (client_max_body_size)' : ''
  throw new SinkError('reject', code, `${said}${fix}`)
}

/** Where a redirect leads; without its path and query, which may hold anything. */
function locationOf({ location }: Answer['headers']): string {
  return typeof location === 'string' && URL.canParse(location) ? new URL(location).origin : ''
}

/** Reads a text field, whatever was sent. */
export const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'number' ? `${value}` : ''
