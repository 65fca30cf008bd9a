import { type PathSegment, pathText } from '../../options/describe.js'
import { type ExplainedOption, explainOptions } from '../../options/explain.js'
import { foundFile, type OptionsFile, readOptionsFile } from '../../options/file.js'
import { mergeOptions } from '../../options/merge.js'
import { loadYaml } from '../../options/parse-file.js'
import { PRESETS } from '../../options/presets.js'
import { withoutSecrets } from '../../options/save.js'
import { printable } from '../../text/text.js'
import type { ShowFlags } from '../config.js'
import { EXIT } from '../errors.js'
import type { Output } from '../output.js'
import { renderTable } from '../table.js'

const COLUMNS = [{ title: 'option' }, { title: 'value', minWidth: 20 }, { title: 'from' }]

export function show({ preset, file, profile, dir, yaml = false }: ShowFlags, output: Output): number {
  const { env } = process
  const path = file ?? foundFile(env)
  const read = path === undefined ? undefined : readOptionsFile(path, { profile, env })
  const argument = Object.fromEntries(
    Object.entries({ preset, dir }).filter(([, value]) => value !== undefined),
  )
  const options = explainOptions({ env, argument, ...(read === undefined ? {} : { file: read.options }) })
  const shown = options.flatMap(shownOption)
  if (output.json) output.printJson(jsonOf(shown, read))
  else if (yaml) process.stdout.write(yamlOf(shown, read))
  else {
    output.print(renderTable(COLUMNS, shown.map(rowOf), output))
    for (const line of notes(shown, read)) output.note(line)
  }
  return EXIT.ok
}

/** Nothing where the option is a secret. */
function shownOption({ path, value, from }: ExplainedOption): ExplainedOption[] {
  const { value: clean } = withoutSecrets(nest(path, value) as object)
  const at = path.reduce<unknown>(
    (inner, segment) => (inner as Record<PathSegment, unknown>)?.[segment],
    clean,
  )
  return at === undefined ? [] : [{ path, value: at, from }]
}

const nest = (path: readonly PathSegment[], value: unknown): unknown =>
  path.reduceRight<unknown>((inner, segment) => ({ [segment]: inner }), value)

const tree = (options: readonly ExplainedOption[]): unknown =>
  options.reduce<unknown>((whole, { path, value }) => mergeOptions(whole, nest(path, value)), {})

const rowOf = ({ path, value, from }: ExplainedOption): string[] => [
  pathText(path),
  printable(typeof value === 'string' ? value : JSON.stringify(value)),
  from,
]

const origins = (options: readonly ExplainedOption[]): Record<string, string> =>
  Object.fromEntries(options.map(({ path, from }) => [pathText(path), from]))

function jsonOf(options: readonly ExplainedOption[], file: OptionsFile | undefined): unknown {
  const { path = null, profile = null } = file ?? {}
  return { options: tree(options), from: origins(options), file: path, profile }
}

/** With the origin of each option behind it, as a comment. */
function yamlOf(options: readonly ExplainedOption[], file: OptionsFile | undefined): string {
  const document = new (loadYaml().Document)(tree(options))
  document.commentBefore = notes(options, file)
    .map((line) => ` ${line}`)
    .join('\n')
  for (const { path, from } of options) {
    const node = document.getIn(path, true) as { comment?: string; commentBefore?: string; items?: unknown }
    if (from === 'default') continue
    // Behind a list it would stand behind its last item.
    if (node.items === undefined) node.comment = ` ${from}`
    else node.commentBefore = ` ${from}`
  }
  return document.toString()
}

function notes(options: readonly ExplainedOption[], file: OptionsFile | undefined): string[] {
  const preset = options.find(({ path }) => path[0] === 'preset')?.value as keyof typeof PRESETS | undefined
  return [
    ...(preset === undefined ? [] : [`preset ${preset}: ${PRESETS[preset].about}`]),
    ...(file === undefined
      ? []
      : [`file ${file.path}${file.profile === undefined ? '' : `, profile ${file.profile}`}`]),
  ]
}
