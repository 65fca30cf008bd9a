import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readSoftware } from '../../src/daemon/context/software.js'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'offstep-software-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

function manifest(path: string, content: object | string): void {
  const file = join(dir, path, 'package.json')
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
}

describe('readSoftware', () => {
  test('tells the versions of Node, V8 and offstep', () => {
    const own = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
    const { node, v8, offstep } = readSoftware(dir)
    expect([node, v8, offstep]).toEqual([process.versions.node, process.versions.v8, own.version])
  })

  test('tells what is installed of the dependencies, from here or above', () => {
    manifest('', {})
    manifest('node_modules/hoisted', { version: '1.0.0' })
    manifest('node_modules/both', { version: '1.1.1' })
    manifest('app', {
      name: 'app',
      version: '0.2.0',
      dependencies: { hoisted: '*', both: '*', '@scope/x': '*', missing: '*' },
      peerDependencies: { peer: '*' },
      devDependencies: { tool: '*' },
    })
    for (const [name, version] of Object.entries({
      both: '2.2.2',
      '@scope/x': '3.0.0',
      peer: '4.0.0',
      tool: '5.0.0',
    })) {
      manifest(`app/node_modules/${name}`, { version })
    }
    mkdirSync(join(dir, 'app/src'))
    expect(readSoftware(join(dir, 'app/src'))).toMatchObject({ package: { name: 'app', version: '0.2.0' } })
    expect(readSoftware(join(dir, 'app/src')).dependencies).toEqual({
      '@scope/x': '3.0.0',
      both: '2.2.2',
      hoisted: '1.0.0',
      peer: '4.0.0',
    })
  })

  test('tells every installed @tensorflow package, declared or not', () => {
    manifest('', { name: 'x' })
    manifest('node_modules/@tensorflow/tfjs-core', { version: '4.22.0' })
    manifest('node_modules/@tensorflow/tfjs-node', { version: '4.21.0' })
    expect(readSoftware(dir).dependencies).toEqual({
      '@tensorflow/tfjs-core': '4.22.0',
      '@tensorflow/tfjs-node': '4.21.0',
    })
  })

  test('reads at most 200 dependencies', () => {
    const names = Array.from({ length: 250 }, (_, i) => `dep${i}`)
    manifest('', { dependencies: Object.fromEntries(names.map((name) => [name, '*'])) })
    for (const name of names) manifest(`node_modules/${name}`, { version: '1.0.0' })
    expect(Object.keys(readSoftware(dir).dependencies)).toHaveLength(200)
  })

  test('does not follow a dependency name out of node_modules', () => {
    manifest('other', { version: '6.6.6' })
    manifest('node_modules', {})
    manifest('', { dependencies: { '../other': '*', '@a/../../other': '*', '..': '*' } })
    expect(readSoftware(dir).dependencies).toEqual({})
  })

  test.each(['', 'not json', '[]', '7', '{"name":7,"dependencies":"x"}'])(
    'survives the package.json %j',
    (content) => {
      manifest('app', content)
      expect(() => readSoftware(join(dir, 'app'))).not.toThrow()
    },
  )
})
