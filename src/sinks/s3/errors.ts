/** What an error of S3 means for the delivery. */
import { MediaFileError } from '../../media/checked-file.js'
import { SinkError, toSinkError } from '../errors.js'

const SHOWN_CHARACTERS = 200
/** Whether somebody has mended it is looked at so often. */
export const LOOK_AGAIN_MS = 60_000

/** The parts of an SDK's error that are looked at. Anything may have been thrown. */
interface S3Failure {
  readonly name?: string
  /** Of the operating system: ECONNREFUSED, ... */
  readonly code?: unknown
  readonly message?: string
  readonly $metadata?: { readonly httpStatusCode?: number }
  readonly $response?: { readonly headers?: { readonly [name: string]: string | undefined } }
}

/** Nothing can be delivered until a person has done this. */
const FIXES: { readonly [code: string]: string } = {
  NoSuchBucket: 'make the bucket, or give another one in "url"',
  InvalidBucketName: 'give the name of a bucket in "url"',
  AccessDenied: 'allow s3:PutObject and s3:GetObject on the bucket, or give other credentials',
  AllAccessDisabled: 'enable access to the bucket',
  RequestTimeTooSkewed: 'set the clock of this machine: it is not that of the server',
  RequestExpired: 'set the clock of this machine: it is not that of the server',
  AccountProblem: 'look at the account',
  InvalidAccessKeyId: 'check AWS_ACCESS_KEY_ID, or the profile that AWS_PROFILE names',
  SignatureDoesNotMatch: 'check AWS_SECRET_ACCESS_KEY, or the profile that AWS_PROFILE names',
  ExpiredToken: 'renew the credentials of the AWS environment',
  InvalidToken: 'renew the credentials of the AWS environment',
  TokenRefreshRequired: 'renew the credentials of the AWS environment',
  CredentialsProviderError:
    'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE: there are no credentials',
  PermanentRedirect: 'give the "region" of the bucket',
  AuthorizationHeaderMalformed: 'give the "region" of the bucket',
  IllegalLocationConstraintException: 'give the "region" of the bucket',
  NotImplemented: 'give an "endpoint" that has what S3 has: this one lacks it',
  MethodNotAllowed: 'check "url" and "endpoint": this does not seem to be S3',
  QuotaExceeded: 'make room at the destination',
  StorageFull: 'make room at the destination',
  XMinioStorageFull: 'make room at the destination',
}

/** This file can never be there; others can. */
const OF_THE_FILE: ReadonlySet<string> = new Set([
  'EntityTooLarge',
  'KeyTooLongError',
  'InvalidURI',
  'MetadataTooLarge',
  'XMinioInvalidObjectName',
])

/** Bad requests that were good: bytes were lost on the way, or somebody else was at it at the same time. */
const PASSING: ReadonlySet<string> = new Set([
  'BadDigest',
  'IncompleteBody',
  'InvalidDigest',
  'NoSuchUpload',
  'XAmzContentChecksumMismatch',
  'XAmzContentSHA256Mismatch',
])
/** Of a bad request, for which there is no better word. */
const BAD_REQUESTS: ReadonlySet<number | undefined> = new Set([400, 411, 412, 414, 416, 422])

const TIMEOUTS: ReadonlySet<string> = new Set(['TimeoutError', 'RequestTimeout', 'ETIMEDOUT'])

/** Of the answer that an error is about; undefined where there was none. */
export const statusOf = (error: unknown): number | undefined =>
  (error as S3Failure | undefined)?.$metadata?.httpStatusCode

/**
 * Says what to do about whatever was thrown. `hide`: texts that no message may have. `works`: the bucket has taken
 * something, so that a bad request of which S3 does not say more is about this file, and not about how we call.
 */
export function s3Error(thrown: unknown, hide: readonly string[] = [], works = false): SinkError {
  if (thrown instanceof SinkError) return thrown
  if (thrown instanceof MediaFileError) return new SinkError('reject', 'media-file', thrown.message)
  const { name = '', code, message = '', $metadata, $response } = (thrown ?? {}) as S3Failure
  const status = $metadata?.httpStatusCode
  // No error of the SDK: a file of this machine that cannot be read, say.
  if (!(thrown instanceof Error) || 'path' in thrown) return toSinkError(thrown)
  const said = `S3 answered ${name}${status === undefined ? '' : ` (${status})`}: ${shown(message, hide)}`
  const fix = FIXES[name] ?? fixOf(name, status, message)
  if (fix !== undefined) return pause(`S3_${name}`, `${fix} (${said})`)
  if (OF_THE_FILE.has(name) || status === 413) return new SinkError('reject', 'file-refused', said)
  if (TIMEOUTS.has(name) || TIMEOUTS.has(String(code))) return new SinkError('retry', 'TIMEOUT', said)
  if (BAD_REQUESTS.has(status) && !PASSING.has(name)) {
    if (works) return new SinkError('reject', 'file-refused', said)
    return pause(`S3_${name}`, `check "url", "endpoint", "region" and the credentials (${said})`)
  }
  if (status === undefined) return unreachable(name, code, shown(message, hide))
  return new SinkError('retry', `HTTP_${status}`, said, { retryAfterMs: retryAfterMs($response?.headers) })
}

export const pause = (code: string, message: string): SinkError =>
  new SinkError('pause', code, message, { retryAfterMs: LOOK_AGAIN_MS })

/** For codes that nobody has listed. Others than these go away by themselves, or are tried until they do. */
function fixOf(name: string, status: number | undefined, message: string): string | undefined {
  if (status === 401 || status === 403) return FIXES.AccessDenied
  if (status === 404 && !PASSING.has(name)) return FIXES.MethodNotAllowed
  if (status === 405 || status === 501) return FIXES.MethodNotAllowed
  if (status !== undefined && status >= 300 && status < 400) return FIXES.PermanentRedirect
  if (status === undefined && message.includes('Region is missing')) {
    return 'give "region", or set AWS_REGION: nothing says in which region the bucket is'
  }
  return undefined
}

function unreachable(name: string, code: unknown, message: string): SinkError {
  const named = typeof code === 'string' ? code : name
  return new SinkError('retry', named, `S3 cannot be reached: ${message || named}`)
}

function retryAfterMs(headers: { readonly [name: string]: string | undefined } = {}): number {
  const given = headers['retry-after']
  if (given === undefined) return 0
  const seconds = Number(given)
  const ms = Number.isNaN(seconds) ? Date.parse(given) - Date.now() : seconds * 1000
  return Math.max(ms, 0) || 0
}

/** A server may repeat what it was sent. */
function shown(text: string, hide: readonly string[]): string {
  const safe = hide.reduce((rest, secret) => (secret === '' ? rest : rest.replaceAll(secret, '***')), text)
  return JSON.stringify(safe.slice(0, SHOWN_CHARACTERS))
}
