/** A checksum in a file that is made again and again: whether a person has changed it since is seen by it. */
import { createHash } from 'node:crypto'

const SEAL = /^<!-- offstep:report ([0-9a-f]{16}) -->[ \t\r]*$/m

/** With the checksum of `sealed` as the last line. */
export function seal(text: string, sealed = text): string {
  return `${text.trimEnd()}\n\n<!-- offstep:report ${checksum(sealed)} -->\n`
}

/** `sealed`: the parts that the checksum is of. */
export function isSealed(text: string, sealed = text): boolean {
  const found = SEAL.exec(text)
  return found !== null && found[1] === checksum(sealed)
}

/** Editors change line ends, and white space at the end of a line: that is no change. */
function checksum(text: string): string {
  const lines = text
    .replace(SEAL, '')
    .split(/\r?\n/)
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
  return createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 16)
}
