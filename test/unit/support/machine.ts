import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { temporaryDirectory } from '../../support/directory.js'

/** A made-up machine: files of /proc and /sys, and programs on a PATH. */
export function machine() {
  const root = temporaryDirectory()
  const bin = join(root, 'bin')
  const file = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  /** A shell script under a program's name; it replaces the one before. */
  const program = (name: string, script: string): void => {
    file(join('bin', name), `#!/bin/sh\n${script}\n`)
    chmodSync(join(bin, name), 0o755)
  }
  return { root, file, program, env: { PATH: [bin, '/usr/bin', '/bin'].join(delimiter) } }
}

/** nvidia-smi as it is: it refuses a field that it does not know, and answers each in the order of the question. */
export const NVIDIA_SMI = `
query="\${1#--query-gpu=}"
[ "$query" != "$1" ] && [ "$2" = "--format=csv,noheader,nounits" ] || { echo "Invalid combination of input arguments." >&2; exit 1; }
row() {
  line=""
  for field in $(echo "$query" | tr ',' ' '); do
    case "$field" in
      index) value="$1" ;;
      utilization.gpu) value="$2" ;;
      utilization.memory) value="40" ;;
      memory.used) value="20480" ;;
      memory.total) value="81920" ;;
      temperature.gpu) value="61" ;;
      power.draw) value="$3" ;;
      power.limit) value="700.00" ;;
      clocks.sm) value="1980" ;;
      clocks.mem) value="2619" ;;
      clocks.gr) value="1980" ;;
      *) echo "Field \\"$field\\" is not a valid field to query." ; exit 2 ;;
    esac
    line="$line\${line:+, }$value"
  done
  echo "$line"
}
row 0 87 350.00
row 1 0 '[N/A]'`
