/** The AWS SDK, which users install where they deliver to S3: `@aws-sdk/client-s3`. */
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3'
import { pause } from './errors.js'
import type { S3Options } from './options.js'

export type Sdk = typeof import('@aws-sdk/client-s3')

/** Of one connection, until it is open. */
const CONNECT_TIMEOUT_MS = 10_000
/** Of one connection, without a byte. */
const IDLE_TIMEOUT_MS = 60_000
/** The delivery engine waits and tries again for longer; these pick up what goes away at once. */
export const ATTEMPTS = 3
/** What most servers that are not Amazon's call theirs. */
const REGION_OF_OTHERS = 'us-east-1'

export interface ClientSetup {
  readonly env: NodeJS.ProcessEnv
  /** Of each request. */
  readonly attempts: number
}

/** Throws a `pause` SinkError where it is not installed. */
export async function loadSdk(): Promise<Sdk> {
  try {
    return await import('@aws-sdk/client-s3')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw pause('S3_SDK_MISSING', 'install the AWS SDK for the sink "s3": npm install @aws-sdk/client-s3')
  }
}

/** Asks nobody for anything yet. Credentials are those of the SDK's own chain: environment, profile, role. */
export function makeClient({ S3Client }: Sdk, options: S3Options, { env, attempts }: ClientSetup): S3Client {
  const endpoint = options.endpoint ?? endpointOf(env)
  const { forcePathStyle = endpoint !== undefined } = options
  const region = options.region ?? (endpoint === undefined ? undefined : regionOf(env))
  const config: S3ClientConfig = {
    forcePathStyle,
    followRegionRedirects: true,
    maxAttempts: attempts,
    // We give checksums of our own. Not every server that speaks S3 knows those that the SDK would add.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, socketTimeout: IDLE_TIMEOUT_MS },
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
  }
  return new S3Client(config)
}

/** The SDK would take it by itself, but for what goes with a server that is not Amazon's. */
const endpointOf = (env: NodeJS.ProcessEnv): string | undefined =>
  env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL || undefined

const regionOf = (env: NodeJS.ProcessEnv): string =>
  env.AWS_REGION || env.AWS_DEFAULT_REGION || REGION_OF_OTHERS

/** What no message may have. Empty where there are no credentials: a request then says so. */
export async function secretsOf(client: S3Client): Promise<readonly string[]> {
  try {
    const { accessKeyId, secretAccessKey, sessionToken = '' } = await client.config.credentials()
    return [secretAccessKey, sessionToken, accessKeyId].filter((secret) => secret !== '')
  } catch {
    // The first request meets the same error, and tells it.
    return []
  }
}
