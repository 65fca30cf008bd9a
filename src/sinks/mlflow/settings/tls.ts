import { readFileSync } from 'node:fs'
import type { TlsOptions } from '../../http/dispatcher.js'
import { pause } from '../../http/pause.js'

/**
 * MLFLOW_TRACKING_INSECURE_TLS, _SERVER_CERT_PATH and _CLIENT_CERT_PATH (certificate and key in one file), as MLflow's
 * own client has them. Throws a `pause` SinkError for a file that cannot be read. Blocks.
 */
export function tlsOptions(env: NodeJS.ProcessEnv): TlsOptions {
  const insecure = /^(true|1)$/i.test(env.MLFLOW_TRACKING_INSECURE_TLS?.trim() ?? '')
  const ca = pemIn(env, 'MLFLOW_TRACKING_SERVER_CERT_PATH')
  const client = pemIn(env, 'MLFLOW_TRACKING_CLIENT_CERT_PATH')
  return {
    ...(insecure && { rejectUnauthorized: false }),
    ...(ca !== undefined && { ca }),
    ...(client !== undefined && { cert: client, key: client }),
  }
}

function pemIn(env: NodeJS.ProcessEnv, variable: string): string | undefined {
  const path = env[variable]?.trim()
  if (!path) return undefined
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw pause(variable, `${path} cannot be read (${code}): give the path of a certificate (${variable})`)
  }
}
