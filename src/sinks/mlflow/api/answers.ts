/** What an answer of MLflow's server means for the delivery. */
import { SinkError } from '../../errors.js'
import { type Answer, parse, retryAfterMs, shown } from '../../http/answer.js'
import { pause } from '../../http/pause.js'

export type JsonRecord = { readonly [key: string]: unknown }

/** SQLAlchemy's, and those of the databases below it: a primary key is there already. */
const INTEGRITY = /IntegrityError|UNIQUE constraint|duplicate key|Duplicate entry/i
/** A database that has failed is told as a bad request, whatever was wrong with it. */
const DATABASE = /sqlalchemy|sqlite3\.|psycopg|pymysql|database is locked|deadlock/i
const DELETED_RUN = /must be in (the )?'?active/i

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
    `the MLflow server answered 200 and ${shown(answer.text, secrets)}`,
  )
}

/**
 * - 400, 409, 422: something in the request is bad (`reject`), unless it was the database; 413: too large (`split`);
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
    return pause('MLFLOW_RUN_DELETED', `the run was deleted at MLflow: restore it there (${said})`)
  }
  if (status === 400 && DATABASE.test(text)) return new SinkError('retry', 'MLFLOW_DATABASE', said)
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
      return pause(code, `MLflow refuses access: ask for access to the experiment (${said})`)
    case 404:
      if (code === NOT_FOUND) return pause(code, `MLflow does not have it: check the ids (${said})`)
  }
  if (status < 400 || [404, 405, 410, 501].includes(status)) {
    return pause(code, `this does not seem to be MLflow's API: check MLFLOW_TRACKING_URI (${said})`)
  }
  return new SinkError('retry', code, said, { retryAfterMs: retryAfterMs(headers) })
}

/**
 * A store of files has taken one; it may be somebody else's than MLflow's. What it refuses is this address or this file:
 * `reject`.
 */
export function confirmedUpload(answer: Answer, secrets: readonly string[]): Answer {
  const { status, headers, text } = answer
  if (status >= 200 && status < 300) return answer
  if (status === 401) throw refusal(answer, secrets)
  const said = `MLflow's store of files answered ${status}: ${shown(text, secrets)}`
  const code = `HTTP_${status}`
  if (status >= 500 || [408, 418, 425, 429].includes(status)) {
    throw new SinkError('retry', code, said, { retryAfterMs: retryAfterMs(headers) })
  }
  throw new SinkError('reject', code, said)
}

/** Reads a text field, whatever was sent. */
export const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'number' ? `${value}` : ''
