/** The frame of the command line, as a child process. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { offstep } from '../support/command-line.js'
import { temporaryDirectory } from '../support/directory.js'

const MAIN = join(import.meta.dirname, '../../dist/src/cli/main.js')
const here = () => ({ dir: temporaryDirectory() })
const PACKAGE = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'))

describe('offstep', () => {
  test('alone or with --help prints what there is, and ends with 0', async () => {
    const [alone, help] = [await offstep([], here()), await offstep(['--help'], here())]
    expect(alone).toEqual(help)
    expect(help).toMatchObject({ code: 0, stderr: '' })
    for (const word of ['sync', 'doctor', '--dir', '--json', '--no-color'])
      expect(help.stdout).toContain(word)
  })

  test('every command has help with its options and exit codes, in 80 columns', async () => {
    const { stdout } = await offstep([], here())
    const commands = [...stdout.slice(stdout.indexOf('Commands:')).matchAll(/^ {2}([a-z]+)/gm)].map(
      ([, name]) => name!,
    )
    expect(commands.length).toBeGreaterThanOrEqual(2)
    for (const command of commands.filter((name) => name !== 'help')) {
      const help = await offstep([command, '--help'], here())
      expect(help).toMatchObject({ code: 0, stderr: '' })
      expect(help.stdout).toContain('Exit code')
      expect(Math.max(...help.stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
    }
  })

  test('--version is that of the package', async () => {
    expect(await offstep(['--version'], here())).toMatchObject({ code: 0, stdout: `${PACKAGE.version}\n` })
  })

  test('is what package.json installs, and a shell can start it', () => {
    expect(join(import.meta.dirname, '../..', PACKAGE.bin.offstep)).toBe(MAIN)
    expect(readFileSync(MAIN, 'utf8').split('\n')[0]).toBe('#!/usr/bin/env node')
  })

  test('an unknown command or option: one line that says what is near, exit code 2', async () => {
    const command = await offstep(['synk'], here())
    expect(command).toMatchObject({ code: 2, stdout: '' })
    expect(command.stderr).toContain("unknown command 'synk'")
    expect(command.stderr).toContain('sync')
    const option = await offstep(['--jsn', 'doctor'], here())
    expect(option).toMatchObject({ code: 2, stdout: '' })
    expect(option.stderr).toContain('Did you mean --json?')
  })

  test('a file that cannot be read is one line, without a stack', async () => {
    const dir = temporaryDirectory()
    mkdirSync(join(dir, 'p/broken'), { recursive: true })
    writeFileSync(join(dir, 'p/broken/run.json'), '{"format": 1, ')
    const { code, stderr } = await offstep(['sync', 'broken'], { dir })
    expect(code).toBe(2)
    expect(stderr).toMatch(/^error: .*run\.json is damaged \(not JSON\): .*\n$/)
  })

  test('--dir before or after the command wins over OFFSTEP_DIR', async () => {
    const dir = temporaryDirectory()
    for (const args of [
      ['--dir', dir, 'sync'],
      ['sync', '--dir', dir],
    ]) {
      const { code, stdout } = await offstep(args, { dir: '/no/such/directory' })
      expect({ code, stdout }).toEqual({ code: 0, stdout: `There are no runs in ${dir}.\n` })
    }
  })

  test('no colours in a pipe; with FORCE_COLOR there are, unless --no-color', async () => {
    const force = { env: { FORCE_COLOR: '1', NO_COLOR: '' }, ...here() }
    expect((await offstep(['doctor'], here())).stdout).not.toContain('\x1b')
    expect((await offstep(['doctor'], force)).stdout).toContain('\x1b[32m')
    expect((await offstep(['doctor', '--no-color'], force)).stdout).not.toContain('\x1b')
  })

  test('a reader that closes the pipe early is no error', () => {
    const command = `"${process.execPath}" "${MAIN}" --help | true`
    const { stderr, status } = spawnSync('/bin/sh', ['-c', command], { encoding: 'utf8' })
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
  })

  test('--help starts fast: it loads nothing but the frame', () => {
    const loaded = (args: string[]) => {
      const coverage = temporaryDirectory()
      spawnSync(process.execPath, [MAIN, ...args], {
        env: { NODE_V8_COVERAGE: coverage, OFFSTEP_DIR: coverage },
      })
      const text = readFileSync(join(coverage, readdirSync(coverage)[0]!), 'utf8')
      return (JSON.parse(text).result as { url: string }[]).map(({ url }) => url)
    }
    const heavy = /node_modules\/(?!commander|picocolors)|\/dist\/src\/(?!cli\/[a-z-]+\.js)/
    expect(loaded(['--help']).filter((url) => heavy.test(url))).toEqual([])
    // The same look finds what `sync` does load.
    expect(loaded(['sync']).filter((url) => heavy.test(url))).not.toEqual([])
  })
})
