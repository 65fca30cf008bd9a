import { execFileSync } from 'node:child_process'
import { mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..', '..', '..')

/** Compiles files of this repository into a directory of their own, for programs that run as child processes. */
export function compile(...files: readonly string[]): string {
  const directory = mkdtempSync(join(tmpdir(), 'offstep-compiled-'))
  const options = {
    extends: join(ROOT, 'tsconfig.json'),
    compilerOptions: {
      composite: false,
      incremental: false,
      declaration: false,
      noCheck: true,
      tsBuildInfoFile: null,
      rootDir: ROOT,
      outDir: directory,
      typeRoots: [join(ROOT, 'node_modules/@types')],
    },
    include: [],
    files: files.map((file) => join(ROOT, file)),
  }
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(options))
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}')
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'))
  execFileSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', directory])
  return directory
}
