/** `offstep doctor` and its checks, against real servers on loopback, real disks and programs. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ClockWatch } from '../../dist/src/doctor/clock.js'
import { type Check, type DoctorOptions, runDoctor } from '../../dist/src/doctor/index.js'
import { checkNode } from '../../dist/src/doctor/node-version.js'
import { makeRun, offstep } from '../support/command-line.js'
import { CAN_MOUNT, smallDisk, temporaryDirectory } from '../support/directory.js'

const KEY = 'f'.repeat(40)

/** Listens on a free port of loopback until the test is over. */
async function listen(server: net.Server): Promise<number> {
  const sockets = new Set<net.Socket>()
  server.on('connection', (socket) => sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

async function closedPort(): Promise<number> {
  const server = net.createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** A machine with nothing but what `env` says. */
function look(env: Record<string, string> = {}, more: DoctorOptions = {}): Promise<Check[]> {
  const home = temporaryDirectory()
  return runDoctor({ dir: join(home, 'runs'), cwd: home, env: { HOME: home, PATH: '', ...env }, ...more })
}

const named = (checks: readonly Check[], name: string): Check => {
  const found = checks.filter((check) => check.name === name)
  if (found.length !== 1) throw new Error(`${found.length} checks are named ${name}`)
  return found[0]!
}

describe('a machine where all is well', () => {
  test('has no failed check, each says what was found on one line, and nothing is left behind', async () => {
    const home = temporaryDirectory()
    const checks = await runDoctor({ dir: join(home, 'runs'), cwd: home, env: { HOME: home, PATH: '' } })
    expect(checks.filter(({ status }) => status === 'failed')).toEqual([])
    for (const { name, found } of checks) {
      expect(name).toMatch(/^.{3,20}$/)
      expect(found).toMatch(/^[^\n]+$/)
    }
    for (const name of [
      'Node.js',
      'threads',
      'run directory',
      'disk space',
      'fsync',
      'rename',
      'hard links',
      'clock',
    ]) {
      expect(named(checks, name)).toMatchObject({ status: 'ok' })
    }
    expect(readdirSync(home)).toEqual([])
  })

  test('destinations that nobody has configured are not looked at, unless all are asked for', async () => {
    const names = (checks: Check[]) =>
      checks.map(({ name }) => name).filter((name) => /W&B|MLflow|NATS/.test(name))
    expect(names(await look())).toEqual([])
    const all = await look({}, { allDestinations: true, timeoutMs: 500 })
    expect(names(all)).toEqual(['W&B server', 'W&B key', 'MLflow server', 'NATS server'])
    expect(named(all, 'W&B key')).toMatchObject({
      status: 'warning',
      fix: expect.stringContaining('WANDB_API_KEY'),
    })
  })
})

describe('a destination that is not reached', () => {
  const mlflow = async (uri: string) =>
    named(await look({ MLFLOW_TRACKING_URI: uri }, { timeoutMs: 400 }), 'MLflow server')

  test('the name does not resolve: DNS', async () => {
    const check = await mlflow('http://no-such-host.invalid:5000')
    expect(check).toMatchObject({ status: 'failed', fix: expect.stringContaining('DNS') })
    expect(check.found).toContain('no-such-host.invalid:5000 cannot be reached: DNS fails')
  })

  test('nobody listens: TCP', async () => {
    const port = await closedPort()
    expect((await mlflow(`http://127.0.0.1:${port}`)).found).toBe(
      `127.0.0.1:${port} cannot be reached: TCP fails (ECONNREFUSED)`,
    )
  })

  test('it speaks no TLS: TLS', async () => {
    const port = await listen(http.createServer())
    expect((await mlflow(`https://127.0.0.1:${port}`)).found).toContain('TLS fails')
  })

  test('it takes the connection and never answers: HTTP, after the time-out', async () => {
    const port = await listen(net.createServer())
    expect((await mlflow(`http://127.0.0.1:${port}`)).found).toContain('HTTP fails (no answer in 0.4 s)')
  })

  test('it answers as something else does', async () => {
    const port = await listen(http.createServer((_, response) => response.writeHead(404).end('no')))
    const check = await mlflow(`http://127.0.0.1:${port}`)
    expect(check).toMatchObject({ status: 'warning', found: expect.stringContaining('not as MLflow does') })
  })

  test('it has trouble of its own', async () => {
    const port = await listen(http.createServer((_, response) => response.writeHead(503).end()))
    expect(await mlflow(`http://127.0.0.1:${port}`)).toMatchObject({
      status: 'warning',
      found: expect.stringContaining('with HTTP 503'),
    })
  })

  test('what is no address is told as such', async () => {
    expect(await mlflow('http://')).toMatchObject({
      status: 'failed',
      found: expect.stringContaining('no address'),
    })
    expect(await mlflow('./mlruns')).toMatchObject({
      status: 'warning',
      found: expect.stringContaining('directory'),
      fix: expect.stringContaining('mlflow server'),
    })
    expect(await mlflow('databricks://x')).toMatchObject({ status: 'warning' })
  })
})

describe('a destination that is reached', () => {
  test('MLflow, below a path, with its version', async () => {
    const asked: string[] = []
    const server = http.createServer(({ url }, response) => {
      asked.push(url!)
      response.end(url === '/ml/version' ? '2.14.1' : 'OK')
    })
    const port = await listen(server)
    const check = named(await look({ MLFLOW_TRACKING_URI: `http://127.0.0.1:${port}/ml/` }), 'MLflow server')
    expect(check).toMatchObject({ status: 'ok', found: expect.stringContaining('version 2.14.1') })
    expect(asked.sort()).toEqual([
      '/ml/api/2.0/mlflow/experiments/search?max_results=1',
      '/ml/health',
      '/ml/version',
    ])
  })

  test('MLflow is asked with the credentials of a run, which are not shown', async () => {
    const right = `Basic ${Buffer.from('ada:geheim').toString('base64')}`
    const server = http.createServer(({ url, headers }, response) => {
      const open = url === '/health' || headers.authorization === right
      response.writeHead(open ? 200 : 401).end(open ? 'OK' : `no ${headers.authorization}`)
    })
    const uri = { MLFLOW_TRACKING_URI: `http://127.0.0.1:${await listen(server)}` }
    const of = async (env: Record<string, string>) => named(await look({ ...uri, ...env }), 'MLflow server')
    const name = { MLFLOW_TRACKING_USERNAME: 'ada' }
    expect(await of({ ...name, MLFLOW_TRACKING_PASSWORD: 'geheim' })).toMatchObject({ status: 'ok' })
    const wrong = await of({ ...name, MLFLOW_TRACKING_PASSWORD: 'falsch' })
    expect(wrong).toMatchObject({
      status: 'failed',
      found: expect.stringContaining('does not accept the credentials'),
    })
    expect(JSON.stringify(wrong)).not.toMatch(/falsch|YWRhOmZhbHNja/)
    expect(await of({})).toMatchObject({
      status: 'warning',
      fix: expect.stringContaining('MLFLOW_TRACKING_TOKEN'),
    })
    expect(await of({ MLFLOW_TRACKING_URI: 'http://ada:geheim@127.0.0.1' })).toMatchObject({
      status: 'failed',
      found: 'MLFLOW_TRACKING_URI holds a user name',
    })
  })

  test('an MLflow that does not know its name, and one that sends us elsewhere, are told', async () => {
    const at = async (status: number, text: string) => {
      const port = await listen(http.createServer((_, response) => response.writeHead(status).end(text)))
      return named(await look({ MLFLOW_TRACKING_URI: `http://127.0.0.1:${port}` }), 'MLflow server')
    }
    const host = await at(403, 'Invalid Host header - possible DNS rebinding attack detected')
    expect(host).toMatchObject({ status: 'failed', fix: expect.stringContaining('--allowed-hosts') })
    expect(await at(301, '')).toMatchObject({
      status: 'warning',
      found: expect.stringContaining('elsewhere (HTTP 301)'),
    })
  })

  test('NATS greets with its version; something else does not', async () => {
    const nats = await listen(net.createServer((socket) => socket.write('INFO {"version":"2.12.1"}\r\n')))
    const other = await listen(net.createServer((socket) => socket.write('220 mail\r\n')))
    const env = { NATS_URL: `nats://127.0.0.1:${nats},127.0.0.1:${other}` }
    const checks = (await look(env)).filter(({ name }) => name === 'NATS server')
    expect(checks).toMatchObject([
      { status: 'ok', found: expect.stringContaining('version 2.12.1') },
      { status: 'failed', found: expect.stringContaining('not as NATS does') },
    ])
  })

  test('its clock is compared with ours', async () => {
    const date = new Date(Date.now() - 3_600_000).toUTCString()
    const port = await listen(http.createServer((_, response) => response.setHeader('Date', date).end('OK')))
    const checks = await look({ MLFLOW_TRACKING_URI: `http://127.0.0.1:${port}` })
    expect(named(checks, 'clock')).toMatchObject({ status: 'warning' })
    expect(named(checks, 'clock').found).toMatch(/^(3599|3600|3601)\.\d s ahead of that of 127\.0\.0\.1/)
  })
})

describe('the key of W&B', () => {
  const lookAtKey = async (env: Record<string, string>, netrc?: string) => {
    const server = http.createServer(({ headers }, response) => {
      expect(JSON.stringify(headers)).not.toContain(KEY)
      response.writeHead(401).end()
    })
    const port = await listen(server)
    const home = temporaryDirectory()
    if (netrc !== undefined) writeFileSync(join(home, '.netrc'), netrc)
    const base = { HOME: home, PATH: '', WANDB_BASE_URL: `http://127.0.0.1:${port}` }
    const checks = await runDoctor({ dir: home, cwd: home, env: { ...base, ...env } })
    expect(JSON.stringify(checks)).not.toContain(KEY)
    expect(named(checks, 'W&B server').status).toBe('ok')
    return named(checks, 'W&B key')
  }

  test('is found in the environment or in netrc, and neither sent nor shown', async () => {
    expect(await lookAtKey({ WANDB_API_KEY: KEY })).toMatchObject({ status: 'ok' })
    const netrc = `machine other\n  login user\n  password x\nmachine 127.0.0.1\n  login user\n  password ${KEY}\n`
    expect(await lookAtKey({}, netrc)).toMatchObject({
      status: 'ok',
      found: expect.stringContaining('.netrc'),
    })
  })

  test('missing or misspelt is told', async () => {
    expect(await lookAtKey({}, 'machine other login user password x')).toMatchObject({ status: 'failed' })
    expect(await lookAtKey({ WANDB_API_KEY: `"${KEY}"` })).toMatchObject({ status: 'warning' })
  })
})

test('proxies are named without their passwords', async () => {
  const checks = await look({ HTTPS_PROXY: 'http://user:secret@10.0.0.1:3128', no_proxy: 'localhost' })
  expect(named(checks, 'proxies').found).toBe('HTTPS_PROXY=http://10.0.0.1:3128, no_proxy=localhost')
})

describe('the disk', () => {
  test('a directory that cannot be made is failed, with the reason', async () => {
    const dir = join(temporaryDirectory(), 'file')
    writeFileSync(dir, '')
    expect(named(await look({}, { dir }), 'run directory')).toMatchObject({ status: 'failed' })
  })

  test.runIf(CAN_MOUNT)('a full disk, and one in memory', async () => {
    const disk = smallDisk('8m')
    const checks = await look({}, { dir: disk.path })
    expect(named(checks, 'disk space')).toMatchObject({
      status: 'failed',
      found: expect.stringMatching(/^[78]\.\d MiB free$/),
    })
    expect(named(checks, 'file system')).toMatchObject({
      status: 'warning',
      found: expect.stringContaining('tmpfs'),
    })
    writeFileSync(join(disk.path, 'ballast'), Buffer.alloc(1024 ** 2 * 7))
    expect(() => writeFileSync(join(disk.path, 'more'), Buffer.alloc(1024 ** 2 * 7))).toThrow('ENOSPC')
    expect(named(await look({}, { dir: disk.path }), 'disk space').found).toBe('0 B free')
    disk.remount('ro')
    expect(named(await look({}, { dir: disk.path }), 'run directory').found).toContain('EROFS')
  })
})

describe('GPUs and TensorFlow.js', () => {
  const smi = (home: string, ...lines: string[]) => {
    mkdirSync(join(home, 'bin'), { recursive: true })
    const file = join(home, 'bin', 'nvidia-smi')
    writeFileSync(file, `#!/bin/sh\n${lines.map((line) => `echo '${line}'`).join('\n')}\n`, { mode: 0o755 })
    return join(home, 'bin')
  }
  const install = (home: string, name: string, more: Record<string, string> = {}) => {
    const dir = join(home, 'node_modules', name)
    mkdirSync(dir, { recursive: true })
    writeFileSync(
      join(dir, 'package.json'),
      JSON.stringify({ name, version: '4.22.0', type: 'module', main: 'index.js' }),
    )
    for (const [file, text] of Object.entries(more)) writeFileSync(join(dir, file), text)
  }

  test('equal GPUs are told once, and that no package uses them', async () => {
    const home = temporaryDirectory()
    const bin = smi(home, 'NVIDIA H200, GPU-1, 143771, 570.1', 'NVIDIA H200, GPU-2, 143771, 570.1')
    install(home, '@tensorflow/tfjs-backend-wasm')
    const checks = await look({ PATH: bin }, { cwd: home })
    expect(named(checks, 'GPUs')).toMatchObject({
      status: 'warning',
      fix: expect.stringContaining('tfjs-node-gpu'),
    })
    expect(named(checks, 'GPUs').found).toContain('2 x NVIDIA H200, 140 GiB, driver 570.1')
    expect(named(checks, 'tfjs backends').found).toBe('tfjs-backend-wasm 4.22.0 (WASM)')
  })

  test('an adapter of Dawn is asked for in a process of its own, whose end harms nobody', async () => {
    const home = temporaryDirectory()
    const adapter = (body: string) => ({
      'index.js': `export const create = () => ({ requestAdapter: async () => ${body} })`,
    })
    install(home, 'webgpu', adapter(`({ info: { vendor: 'acme', architecture: 'one' } })`))
    expect(named(await look({}, { cwd: home }), 'WebGPU').found).toContain('finds acme, one')
    install(home, 'webgpu', adapter('process.abort()'))
    expect(named(await look({}, { cwd: home }), 'WebGPU').status).toBe('warning')
  })

  test('a nvidia-smi that hangs is left after the time-out', async () => {
    const home = temporaryDirectory()
    mkdirSync(join(home, 'bin'))
    writeFileSync(join(home, 'bin/nvidia-smi'), '#!/bin/sh\nexec /bin/sleep 60\n', { mode: 0o755 })
    const checks = await look({ PATH: join(home, 'bin') }, { timeoutMs: 300 })
    expect(named(checks, 'GPUs').status).toBe('ok')
  })
})

describe('single checks', () => {
  const manifest = { version: '1.0.0', engines: { node: '>=20.19' } }
  test.for([
    ['20.19.0', 'ok'],
    ['20.18.9', 'failed'],
    ['18.20.0', 'failed'],
    ['22.0.0', 'ok'],
    ['20.19', 'ok'],
    ['20.19.1-nightly', 'ok'],
    ['21', 'ok'],
  ] as const)('Node %s is %s', ([version, status]) => {
    expect(checkNode(version, manifest).status).toBe(status)
  })

  test('a clock that jumps while the command runs', () => {
    let [wall, monotonic] = [1_000_000, 0]
    const clock = new ClockWatch(
      () => wall,
      () => monotonic,
    )
    monotonic = 2000
    wall += 2100
    expect(clock.check([])).toMatchObject({ status: 'ok' })
    wall -= 5000
    expect(clock.check([])).toMatchObject({
      status: 'warning',
      found: 'it jumped by -4.9 s while this command ran',
    })
  })
})

describe('the command', () => {
  test('exit code 0 with warnings, and says that runs wait for offstep sync', async () => {
    const dir = temporaryDirectory()
    await makeRun(dir, { id: 'dead', rows: 10, end: 'kill' })
    await makeRun(dir, { id: 'done', rows: 10, end: 'completed' })
    const { code, stdout } = await offstep(['doctor'], { dir })
    expect(code).toBe(0)
    expect(stdout).toMatch(/^warning +runs +2 in .*; 1 died\n +-> run offstep sync/m)
    expect(stdout).toMatch(/^ok +Node\.js +\d/m)
  })

  test('exit code 1 when something failed; with --json the checks and nothing else', async () => {
    const dir = temporaryDirectory()
    const env = { NATS_URL: `nats://127.0.0.1:${await closedPort()}` }
    const { code, stdout, stderr } = await offstep(['doctor', '--json'], { dir, env })
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
    const checks = JSON.parse(stdout) as Check[]
    expect(named(checks, 'NATS server')).toMatchObject({ status: 'failed' })
    for (const check of checks) expect(Object.keys(check)).toEqual(['name', 'status', 'found', 'fix'])
  })
})
