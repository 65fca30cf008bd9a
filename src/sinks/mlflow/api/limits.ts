/** What a server takes. Source: mlflow/utils/validation.py of the versions named. */
export interface Limits {
  readonly paramCharacters: number
  readonly tagCharacters: number
  /** Names may have a colon. */
  readonly colons: boolean
}

export const MAX_KEY_CHARACTERS = 250
export const METRICS_PER_REQUEST = 1000
export const PARAMS_PER_REQUEST = 100
export const TAGS_PER_REQUEST = 100
/** A request may have 1,000,000 bytes: room for what is around the entries. */
export const MAX_REQUEST_BYTES = 990_000
/**
 * Names in one request. Servers before 3.10 fail where a request with more comes again: see
 * https://github.com/mlflow/mlflow/pull/20807.
 */
export const NAMES_PER_REQUEST = 100

/** `version`: as `/version` tells it; what an unknown one takes, all do. */
export function limitsOf(version: string): Limits {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10) || 0)
  const atLeast = (wanted: number, wantedMinor: number) =>
    major > wanted || (major === wanted && minor >= wantedMinor)
  return {
    paramCharacters: atLeast(2, 8) ? 6000 : atLeast(1, 28) ? 500 : 250,
    tagCharacters: 5000,
    colons: atLeast(2, 16),
  }
}
