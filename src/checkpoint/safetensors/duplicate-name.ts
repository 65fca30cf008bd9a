/** The first name that an object of a JSON text has twice, which `JSON.parse()` does not tell; null: none. */
export function duplicateName(json: string): string | null {
  const open: (Set<string> | null)[] = []
  for (const { index, 0: token } of json.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]]/g)) {
    if (token === '{') open.push(new Set())
    else if (token === '[') open.push(null)
    else if (token === '}' || token === ']') open.pop()
    else {
      const names = open.at(-1)
      if (!names || !isName(json, index + token.length)) continue
      const name = JSON.parse(token) as string
      if (names.has(name)) return name
      names.add(name)
    }
  }
  return null
}

/** A text that a colon follows. */
function isName(json: string, end: number): boolean {
  while (/\s/.test(json.charAt(end))) end++
  return json.charAt(end) === ':'
}
