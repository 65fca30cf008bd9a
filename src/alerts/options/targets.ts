import * as v from 'valibot'
import type { Report } from '../../options/copy-value.js'
import { copyValue } from '../../options/copy-value.js'
import type { PathSegment } from '../../options/describe.js'
import type { JsonSchema } from '../../options/json-schema.js'
import { directoryNameProblem, NAME_FIX } from '../../options/names.js'
import { group, isRecord, text } from '../../options/schema-parts.js'
import { didYouMean } from '../../options/suggest.js'
import { toJson } from '../../record/to-json.js'
import type { ResolvedTarget, TargetSecrets } from '../types.js'
import { checkTemplate } from './template.js'

/** What is printed of a value that may be a secret. */
const HIDDEN = '***'
const URL_FIX = 'give an http or https URL, or leave it out and set the environment variable'
const SMTP_FIX = 'give smtp://user:password@host:587, or leave it out and set the environment variable'
const LOGIN_FIX =
  'write "%" in its user name or password as "%25", or leave it out and set the environment variable'

const DEFAULT_ENV = {
  slack: 'OFFSTEP_SLACK_WEBHOOK',
  discord: 'OFFSTEP_DISCORD_WEBHOOK',
  webhook: 'OFFSTEP_ALERT_WEBHOOK',
  email: 'OFFSTEP_SMTP_URL',
} as const
const TYPES = ['terminal', ...Object.keys(DEFAULT_ENV)]
const TYPE_FIX = `give ${TYPES.map((type) => `"${type}"`).join(', ')}`

const ENV_FIX = 'give the name of an environment variable'
const ADDRESS_FIX = 'give an email address, or an array of them'
const address = v.pipe(
  v.string(ADDRESS_FIX),
  // A line break would begin a header of its own.
  v.check((value) => /^[^\s@,<>]+@[^\s@,<>]+$/.test(value), ADDRESS_FIX),
)
const COMMON = {
  type: v.string(),
  name: text(NAME_FIX, directoryNameProblem),
  env: text(ENV_FIX, (name) => (/^[A-Za-z_]\w*$/.test(name) ? null : ENV_FIX)),
  url: v.optional(v.string('give a string')),
}
const SCHEMAS = {
  slack: group(COMMON),
  discord: group(COMMON),
  webhook: group({
    ...COMMON,
    headers: v.optional(v.record(v.string(), v.string('give a string'), 'give an object of strings')),
    template: v.optional(v.unknown()),
  }),
  email: group({
    ...COMMON,
    to: v.union([address, v.pipe(v.array(address, ADDRESS_FIX), v.minLength(1, ADDRESS_FIX))], ADDRESS_FIX),
    from: v.optional(address),
  }),
}

/** For the JSON Schema of the options. */
export const TARGET: JsonSchema = {
  anyOf: [
    { enum: TYPES.filter((type) => type !== 'email') },
    { type: 'object', required: ['type'], properties: { type: { enum: TYPES } } },
  ],
}

/** `target`: null for the terminal, which sends nothing. */
export interface ParsedTarget {
  readonly name: string
  readonly target: ResolvedTarget | null
  readonly secrets: TargetSecrets
}

/** What is wrong with where a target sends to, or null. The value itself is never told. */
export function addressProblem(type: ResolvedTarget['type'], url: string): string | null {
  const protocols = type === 'email' ? ['smtp:', 'smtps:'] : ['http:', 'https:']
  const valid = URL.canParse(url) && protocols.includes(new URL(url).protocol) && new URL(url).hostname !== ''
  if (!valid) return type === 'email' ? SMTP_FIX : URL_FIX
  return type === 'email' && !isLogin(new URL(url)) ? LOGIN_FIX : null
}

/** What is sent to the server is what the URL's escapes stand for. */
function isLogin({ username, password }: URL): boolean {
  try {
    decodeURIComponent(username + password)
    return true
  } catch {
    // A "%" that begins no escape.
    return false
  }
}

/** One entry of `alertTargets`, checked; null after a report. */
export function parseTarget(given: unknown, report: Report): ParsedTarget | null {
  const tell: Report = (path, value, fix) => report(path, mayBeSecret(value) ? HIDDEN : value, fix)
  const target = typeof given === 'string' ? { type: given } : given
  const at = (...path: PathSegment[]): PathSegment[] => (typeof given === 'string' ? [] : path)
  if (!isRecord(target)) {
    tell([], given, `${TYPE_FIX}, or an object with such a type`)
    return null
  }
  const { type } = target
  if (type === 'terminal') return { name: 'terminal', target: null, secrets: {} }
  if (typeof type !== 'string' || !Object.hasOwn(SCHEMAS, type)) {
    tell(at('type'), type, TYPE_FIX + didYouMean(type, TYPES))
    return null
  }
  return checked(type as ResolvedTarget['type'], target, (path, value, fix) => tell(at(...path), value, fix))
}

function checked(
  type: ResolvedTarget['type'],
  given: Record<string, unknown>,
  report: Report,
): ParsedTarget | null {
  // Without it, valibot has a message of its own for a name that is not there.
  const required = type === 'email' ? { to: undefined } : {}
  const result = v.safeParse(SCHEMAS[type], { ...required, ...given })
  for (const { path, input, message } of result.issues ?? []) {
    const segments = (path ?? []).map(({ key }) => key as PathSegment)
    report(segments, isHidden(segments[0]) && typeof input === 'string' ? HIDDEN : input, message)
  }
  if (!result.success) return null
  const { name = type, env = DEFAULT_ENV[type], url, headers, template, to, from } = given
  const problem = typeof url === 'string' ? addressProblem(type, url) : null
  if (problem !== null) report(['url'], HIDDEN, problem)
  const filled = template === undefined ? undefined : toJson(copyValue(template, report))
  checkTemplate(filled, ['template'], report)
  if (name === 'terminal') report(['name'], name, 'give another name: the terminal has this one')
  const target = {
    type,
    name,
    env,
    ...(filled !== undefined && { template: filled }),
    ...(to !== undefined && { to: [to].flat() }),
    ...(from !== undefined && { from }),
  } as unknown as ResolvedTarget
  const secrets = { ...(url !== undefined && { url }), ...(headers !== undefined && { headers }) }
  return { name: name as string, target, secrets: secrets as TargetSecrets }
}

/** An address in the wrong place is an address all the same. */
const mayBeSecret = (value: unknown): boolean => typeof value === 'string' && value.includes('://')

const isHidden = (name: PathSegment | undefined): boolean => name === 'url' || name === 'headers'
