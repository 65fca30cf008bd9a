import { SinkError } from '../errors.js'

/** What was called. */
export interface CalledServer {
  /** For people: "the W&B server api.wandb.ai". */
  readonly name: string
  /** The variable that has its address. */
  readonly variable: string
}

/** Codes of Node.js for a certificate that is not trusted, or not the server's. */
const CERTIFICATE_CODE = /CERT|SELF_SIGNED|ISSUER|LEAF_SIGNATURE/
/** OpenSSL's, where the other end does not speak TLS, or none that both know. */
const TLS_CODE = /^ERR_SSL|^EPROTO$/
const NO_SUCH_HOST = /^(ENOTFOUND|EAI_)/

/** What there is to say of a request that got no whole answer. */
export function unreachable(
  { name, variable }: CalledServer,
  error: NodeJS.ErrnoException,
  signal: AbortSignal,
): SinkError {
  if (error instanceof SinkError) return error
  if (signal.aborted) return new SinkError('retry', 'TIMEOUT', `${name} has not answered in time`)
  const { code = 'NETWORK' } = error
  return new SinkError('retry', code, `${name} cannot be reached; ${fixFor(code, variable)}`, {
    cause: error,
  })
}

function fixFor(code: string, variable: string): string {
  if (NO_SUCH_HOST.test(code)) return `its name is not known (${code}): check ${variable} and the network`
  if (CERTIFICATE_CODE.test(code)) {
    return `its certificate is not trusted (${code}): set NODE_EXTRA_CA_CERTS to your authority's certificate`
  }
  if (TLS_CODE.test(code)) {
    return `it does not speak TLS as expected (${code}): check whether ${variable} begins with http or https`
  }
  return `${code}: check ${variable} and the network`
}
