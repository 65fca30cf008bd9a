import { isSecretName } from '../../store/secret-name.js'

const MASK = '***'
const ASSIGNMENT = /^(-{0,2}[A-Za-z][\w.-]*)=/s
// A name begins where the character before is not of it: the search stays linear in an argument of any length.
const PAIR = /(?<![\w.-])([\w.-]+)=[^\s,;&#"']+/g
// JSON, YAML and HTTP headers: "apiKey": "x", apiKey: x, X-Api-Key: x
const MEMBER = /(["']?)(?<![\w.-])([\w.-]+)\1(\s*:\s*)(?:(["'])(?:(?!\4)[^\\]|\\.)*\4|[^\s,}"']+)/g
const CREDENTIALS = /(?<![a-z0-9+.-])([a-z][a-z0-9+.-]*:\/\/)([^\s/:@]*)(?::[^\s/]*)?@/gi
const KNOWN_TOKENS = /\b(?:sk-|gh[opsu]_|github_pat_|hf_|glpat-|xox[abps]-|AKIA|eyJ)[\w.-]{12,}/g
const AUTHORIZATION = /(authorization\s*:\s*\w+\s+|\bbearer\s+)[\w.~+/=-]{8,}/gi

/** Command-line arguments with the values of secret-looking flags, URLs and well-known tokens masked. */
export function redactArguments(args: readonly string[]): string[] {
  return args.map((arg, i) => {
    const previous = args[i - 1]
    const isValue = previous !== undefined && isSecretFlag(previous) && !arg.startsWith('--')
    return isValue ? MASK : redactArgument(arg)
  })
}

/** A URL, or any text with URLs in it, without credentials and secret query values. */
export function redactUrls(text: string): string {
  return (
    text
      // The user name of an HTTP URL may be a token; that of SSH is no secret, and needed.
      .replace(CREDENTIALS, (_, scheme: string, user: string) =>
        scheme.toLowerCase().endsWith('ssh://') ? `${scheme}${user}@` : scheme,
      )
      .replace(PAIR, (pair, name: string) => (isSecretName(name) ? `${name}=${MASK}` : pair))
  )
}

function redactArgument(arg: string): string {
  const name = ASSIGNMENT.exec(arg)?.[1]
  if (name !== undefined && isSecretName(name)) return `${name}=${MASK}`
  return redactUrls(arg)
    .replace(MEMBER, (member, quote: string, key: string, colon: string, mark = '') =>
      isSecretName(key) ? `${quote}${key}${quote}${colon}${mark}${MASK}${mark}` : member,
    )
    .replace(AUTHORIZATION, `$1${MASK}`)
    .replace(KNOWN_TOKENS, MASK)
}

function isSecretFlag(arg: string): boolean {
  return /^-{1,2}[A-Za-z][\w.-]*$/.test(arg) && isSecretName(arg)
}
