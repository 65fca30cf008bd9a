/**
 * `npm run schema`: writes schema/offstep.schema.json, the JSON Schema of options files, from the schema that `init()`
 * checks with and the comments in src/options/options.ts. Needs a build.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = new URL('../', import.meta.url)

/** The schema with the comment of each option as its description. */
export function describedSchema(schema, source) {
  const described = structuredClone(schema)
  for (const { path, text } of comments(source, 'RunOptions')) {
    for (const options of [described, described.definitions.options]) describe(options, path, text)
  }
  return described
}

function describe(options, path, text) {
  const found = path.reduce((schema, name) => objectIn(schema)?.properties?.[name], options)
  if (found !== undefined) found.description = text
}

/** The object among the forms that an option may have. */
const objectIn = (schema) =>
  schema?.anyOf === undefined ? schema : schema.anyOf.find(({ properties }) => properties !== undefined)

/** `{ path, text }` of each commented property of an interface, and of the objects in it. */
function comments(source, name) {
  const found = []
  const path = []
  let depth = 0
  let comment = null
  let open = null
  const body = source
    .slice(source.indexOf(`export interface ${name} {`))
    .split('\n')
    .slice(1)
  for (const line of body) {
    const text = line.trim()
    if (line === '}') return found
    if (open !== null || text.startsWith('/**')) {
      open = [...(open ?? []), text.replace(/^\/?\*+\/?\s?|\s*\*\/$/g, '').trim()]
      if (!text.endsWith('*/')) continue
      comment = open.filter((part) => part !== '').join(' ')
      open = null
      continue
    }
    const property = /^readonly (\w+)\?:/.exec(text)?.[1]
    if (property !== undefined) {
      path.length = depth
      path.push(property)
      if (comment !== null) found.push({ path: [...path], text: comment })
    }
    comment = null
    const opens = (text.match(/\{/g) ?? []).length - (text.match(/\}/g) ?? []).length
    depth += opens
  }
  return found
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { fileSchema } = await import('../dist/src/options/file-schema.js')
  const source = readFileSync(new URL('src/options/options.ts', root), 'utf8')
  const text = `${JSON.stringify(describedSchema(fileSchema(), source), null, 2)}\n`
  writeFileSync(new URL('schema/offstep.schema.json', root), text)
}
