import { SinkError } from '../../../errors.js'

/** Codes of Node.js for a certificate that is not trusted, or not the server's. */
const CERTIFICATE_CODE = /CERT|SELF_SIGNED|ISSUER|LEAF_SIGNATURE/
/** OpenSSL's, where the other end does not speak TLS, or none that both know. */
const TLS_CODE = /^ERR_SSL|^EPROTO$/
const NO_SUCH_HOST = /^(ENOTFOUND|EAI_)/

/** What there is to say of a request that got no whole answer. `server`: what was called, for people. */
export function unreachable(server: string, error: NodeJS.ErrnoException, signal: AbortSignal): SinkError {
  if (error instanceof SinkError) return error
  if (signal.aborted) return new SinkError('retry', 'TIMEOUT', `${server} has not answered in time`)
  const { code = 'NETWORK' } = error
  return new SinkError('retry', code, `${server} cannot be reached; ${fixFor(code)}`, { cause: error })
}

function fixFor(code: string): string {
  if (NO_SUCH_HOST.test(code)) return `its name is not known (${code}): check WANDB_BASE_URL and the network`
  if (CERTIFICATE_CODE.test(code)) {
    return `its certificate is not trusted (${code}): set NODE_EXTRA_CA_CERTS to your authority's certificate`
  }
  if (TLS_CODE.test(code)) {
    return `it does not speak TLS as expected (${code}): check whether WANDB_BASE_URL begins with http or https`
  }
  return `${code}: check WANDB_BASE_URL and the network`
}
