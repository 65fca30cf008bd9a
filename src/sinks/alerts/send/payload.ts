import type { FiredAlert, ResolvedTarget } from '../../../alerts/types.js'
import type { AlertedRun } from './sender.js'

/** https://discord.com/developers/docs/resources/message#create-message: 2000 characters of content. */
const DISCORD_CHARACTERS = 2000
/** https://docs.slack.dev/reference/methods/chat.postMessage: text beyond 40,000 characters is cut. */
const SLACK_CHARACTERS = 4000
const MARKS = { info: 'INFO', warn: 'WARNING', error: 'ERROR' } as const

/** The JSON body of a webhook. */
export function payloadOf(
  { type, template }: Pick<ResolvedTarget, 'type' | 'template'>,
  alert: FiredAlert,
  run: AlertedRun,
): unknown {
  if (type === 'slack') return { text: cut(slackText(alert, run), SLACK_CHARACTERS) }
  if (type === 'discord') {
    // What a run is called must not ring at everybody's.
    return { content: cut(plainText(alert, run), DISCORD_CHARACTERS), allowed_mentions: { parse: [] } }
  }
  const all = { ...alert, time: new Date(alert.time).toISOString(), run }
  return template === undefined ? all : filled(template, valuesOf(all))
}

/** For a mail, and for Discord. */
export const plainText = (alert: FiredAlert, { project, id }: AlertedRun): string =>
  `**${MARKS[alert.level]}: ${alert.title}**\n${alert.text}\nrun ${id} of project ${project}`

/** Slack's mrkdwn: three characters are its own (https://docs.slack.dev/messaging/formatting-message-text). */
function slackText(alert: FiredAlert, { project, id }: AlertedRun): string {
  const escaped = (text: string): string =>
    text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  return `*${MARKS[alert.level]}: ${escaped(alert.title)}*\n${escaped(alert.text)}\nrun ${escaped(id)} of project ${escaped(project)}`
}

const cut = (text: string, characters: number): string =>
  text.length <= characters ? text : `${text.slice(0, characters - 3)}...`

type Values = { readonly [name: string]: string | number | null }

function valuesOf({ run, ...alert }: Omit<FiredAlert, 'time'> & { time: string; run: AlertedRun }): Values {
  return { ...alert, 'run.id': run.id, 'run.name': run.name, 'run.project': run.project }
}

const WHOLE = /^\{\{\s*([\w.]+)\s*\}\}$/
const PART = /\{\{\s*([\w.]+)\s*\}\}/g

/** `{{name}}` in its strings replaced; a string that is nothing else becomes the value itself, a number say. */
function filled(template: unknown, values: Values): unknown {
  if (typeof template === 'string') {
    const [, name] = WHOLE.exec(template) ?? []
    if (name !== undefined && Object.hasOwn(values, name)) return values[name]
    return template.replace(PART, (all, part: string) =>
      Object.hasOwn(values, part) ? String(values[part] ?? '') : all,
    )
  }
  if (Array.isArray(template)) return template.map((item) => filled(item, values))
  if (typeof template !== 'object' || template === null) return template
  return Object.fromEntries(Object.entries(template).map(([key, item]) => [key, filled(item, values)]))
}
