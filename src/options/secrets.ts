import { isSecretName } from '../store/secret-name.js'

/** Secrets that option files have taken out of the environment, and the variables that held them. */
const taken = new Map<string, string>()
/** Shorter ones would be found in every other text. */
const MIN_CHARACTERS = 4

/** Keeps in mind a value that must never be shown. */
export function rememberSecret(variable: string, value: string): void {
  if (isSecretName(variable) && value.length >= MIN_CHARACTERS) taken.set(value, variable)
}

/** `text` with `${VARIABLE}` in place of each secret that came out of the environment. */
export function hideSecrets(text: string): string {
  let shown = text
  for (const [secret, variable] of taken) shown = shown.replaceAll(secret, () => `\${${variable}}`)
  return shown
}
