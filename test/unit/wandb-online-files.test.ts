import { createHash } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { MediaRecord } from '../../src/record/media.js'
import { Transport } from '../../src/sinks/wandb/online/http/transport.js'
import { TEST_KEY } from '../support/wandb-server/server.js'
import { START_TIME } from './support/batches.js'
import { imageRecord, mediaFile, mediaRow } from './support/media-records.js'
import { COMPLETED } from './support/sink-run.js'
import { ID, type Opened, opened, rows, values } from './support/wandb-run.js'

const LONG_AFTER = { time: START_TIME + 3_600_000 }

function savedFile({ context }: Opened, name: string, content: string): MediaRecord {
  const bytes = Buffer.from(content)
  const hash = createHash('sha256').update(bytes).digest('hex')
  const file = mediaFile(context.runDir, `artifacts/files/${hash}`, bytes)
  return { kind: 'file', name, producer: 0, value: { source: `/somewhere/${name}` }, file }
}

const pictures = ({ context }: Opened, count: number) =>
  Array.from({ length: count }, (_, step) =>
    mediaRow(imageRecord(context.runDir, 'samples', Buffer.from(`picture ${step}`)), step),
  )

const stored = ({ server }: Opened) => server.run(ID)
const contents = (run: Opened) => [...stored(run).files.values()].map(String).sort()

test('pictures are uploaded before the line that names them, and named', async () => {
  const run = await opened()
  await run.write(...pictures(run, 3), ...rows(100, 102))
  expect(contents(run)).toEqual(['picture 0', 'picture 1', 'picture 2'])
  expect(stored(run).uploads.unnamed).toEqual([])
  expect(stored(run).history[0]!.samples).toMatchObject({ _type: 'image-file' })
  expect(run.server.errors).toEqual([])
})

test('more files than one call names are asked for in several, and each is there once', async () => {
  const run = await opened()
  await run.write(...pictures(run, 50))
  expect(run.server.requestsOf('CreateRunFiles')).toHaveLength(3)
  expect([...stored(run).uploads.puts.values()]).toEqual(Array(50).fill(1))
  expect(stored(run).uploads.unnamed).toEqual([])
  expect(run.server.errors).toEqual([])
})

test('a saved file has its own name, and its last content; an empty one is there too', async () => {
  const run = await opened()
  const saved = ['first', 'second'].map((text) => mediaRow(savedFile(run, 'notes/a.txt', text)))
  await run.write(...saved, mediaRow(savedFile(run, 'empty', '')))
  expect([...stored(run).files].map(([name, bytes]) => [name, String(bytes)])).toEqual([
    ['notes/a.txt', 'second'],
    ['empty', ''],
  ])
  expect([...stored(run).uploaded].sort()).toEqual(['empty', 'notes/a.txt'])
  expect(run.server.errors).toEqual([])
})

test('a batch that comes again does not upload what is up already', async () => {
  const run = await opened()
  run.server.script([{ kind: 'status', status: 500, on: 'file_stream' }])
  const batch = [...pictures(run, 4), ...rows(100, 102)]
  await expect(run.write(...batch)).rejects.toMatchObject({ action: 'retry' })
  await run.write(...batch)
  expect([...stored(run).uploads.puts.values()]).toEqual([1, 1, 1, 1])
  expect(stored(run).uploads.unnamed).toEqual([])
  expect(run.server.errors).toEqual([])
})

test('after an upload that failed the batch goes on with the files that are left', async () => {
  const run = await opened()
  run.server.script(({ operation, before }) =>
    operation === 'upload' && before === 2 ? { kind: 'reset' } : undefined,
  )
  const batch = pictures(run, 12)
  await expect(run.write(...batch)).rejects.toMatchObject({ action: 'retry' })
  const up = stored(run).files.size
  await run.write(...batch)
  expect(up).toBeGreaterThan(0)
  expect(contents(run)).toHaveLength(12)
  expect([...stored(run).uploads.puts.values()]).toEqual(Array(12).fill(1))
  expect(run.server.errors).toEqual([])
})

test('an upload that is longer than a slice goes on behind it', async () => {
  let slice = new AbortController()
  const context = {
    get signal() {
      return slice.signal
    },
  }
  const run = await opened({ context })
  Object.defineProperty(run.context, 'signal', { get: () => slice.signal })
  run.server.script([{ kind: 'slow', delayMs: 100, on: 'upload' }])
  run.server.onRequest = ({ operation }) => {
    if (operation === 'upload') slice.abort()
  }
  const batch = pictures(run, 1)
  await expect(run.write(...batch)).rejects.toMatchObject({ action: 'retry', code: 'TIMEOUT' })
  slice = new AbortController()
  await run.write(...batch)
  expect(run.server.requestsOf('upload')).toHaveLength(1)
  expect(contents(run)).toEqual(['picture 0'])
})

test('an address that has grown too old is asked for again', async () => {
  const run = await opened()
  run.server.onRequest = ({ operation, index }) => {
    if (
      operation === 'upload' &&
      index === run.server.requests.findIndex((one) => one.operation === 'upload')
    ) {
      stored(run).uploads.expire()
    }
  }
  const result = await run.write(...pictures(run, 1))
  expect(result.rejected).toEqual([])
  expect(contents(run)).toEqual(['picture 0'])
  expect(run.server.requestsOf('CreateRunFiles')).toHaveLength(2)
})

test.for([400, 403, 404, 410, 413])(
  'a file that is refused for good with %d is a dead letter, the rest goes on',
  async (status) => {
    const run = await opened()
    const bad = imageRecord(run.context.runDir, 'bad', Buffer.from('refused bytes'))
    const size = 'refused bytes'.length
    run.server.script(({ operation }) => {
      const { bytes } = run.server.requests.at(-1)!
      return operation === 'upload' && bytes === size ? { kind: 'status', status } : undefined
    })
    const batch = [...pictures(run, 2), mediaRow(bad, 1), ...rows(0, 2), ...rows(100, 102)]
    const result = await run.write(...batch)
    expect(result.rejected).toMatchObject([{ row: 2, cause: 'file-refused' }])
    await run.sink.close(COMPLETED)
    expect(values(run)).toEqual([0, 1, 100, 101])
    expect(contents(run)).toEqual(['picture 0', 'picture 1'])
    expect(JSON.stringify(stored(run).history)).not.toContain('"bad"')
    expect(run.server.errors).toEqual([])
  },
)

test('rows behind a file that is refused keep their places', async () => {
  const run = await opened()
  run.server.script(({ operation }) => (operation === 'upload' ? { kind: 'status', status: 404 } : undefined))
  run.server.refuses = (line) => line.includes('"value":1')
  const result = await run.write(...pictures(run, 1), ...rows(0, 5))
  expect(result.rejected).toMatchObject([
    { row: 0, cause: 'file-refused' },
    { row: 2, cause: 'HTTP_400' },
  ])
  expect(values(run)).toEqual([0, 2, 3])
})

test('a file that was refused is tried again when it is logged again', async () => {
  const run = await opened()
  const row = mediaRow(savedFile(run, 'a.txt', 'text'))
  run.server.script(({ operation }) => (operation === 'upload' ? { kind: 'status', status: 404 } : undefined))
  expect((await run.write(row)).rejected).toMatchObject([{ row: 0, cause: 'file-refused' }])
  run.server.script([])
  expect((await run.write(row)).rejected).toEqual([])
  expect(contents(run)).toEqual(['text'])
})

test('a file whose name W&B keeps refusing within a 200 is a dead letter, the others are uploaded', async () => {
  const run = await opened()
  const errors = JSON.stringify({ errors: [{ message: 'no such name' }], data: null })
  run.server.onRequest = ({ operation, variables }) => {
    const isBad = operation === 'CreateRunFiles' && (variables!.files as string[]).includes('bad')
    run.server.script(isBad ? [{ kind: 'body', body: errors }] : [])
  }
  const batch = [mediaRow(savedFile(run, 'bad', 'x')), mediaRow(savedFile(run, 'good', 'y'))]
  for (let attempt = 0; attempt < 2; attempt++) {
    await expect(run.write(...batch)).rejects.toMatchObject({ action: 'retry' })
  }
  const result = await run.write(...batch)
  expect(result.rejected).toMatchObject([{ row: 0, cause: 'file-refused' }])
  expect([...stored(run).files.keys()]).toEqual(['good'])
  expect(run.server.errors).toEqual([])
})

test('a long upload holds up no other request', async () => {
  const { server } = await opened()
  const transport = new Transport(server.url, {})
  onTestFinished(() => transport.close())
  const [first, second] = [new AbortController(), new AbortController()]
  const stuck = new Promise<void>((resolve) => {
    server.onStuck = resolve
  })
  server.script([{ kind: 'hang', on: 'upload' }])
  const content = { data: new Uint8Array(3), bytes: 3 }
  const put = transport.put(`${server.url}/upload/a/b/c/d`, content, {}, first.signal)
  const ended = expect(put).rejects.toMatchObject({ code: 'TIMEOUT' })
  await stuck
  const viewer = JSON.stringify({ query: 'query Viewer { viewer { id } }', operationName: 'Viewer' })
  expect(await transport.post('/graphql', viewer, TEST_KEY, second.signal)).toMatchObject({ status: 200 })
  first.abort()
  await ended
})

test('a saved file that is gone is a dead letter', async () => {
  const run = await opened()
  const record = savedFile(run, 'a.txt', 'gone')
  rmSync(join(run.context.runDir, record.file!.path))
  const result = await run.write(mediaRow(record), ...rows(0, 2))
  expect(result.rejected).toMatchObject([{ row: 0, cause: 'media-file' }])
  expect(values(run)).toEqual([0])
  expect(run.server.errors).toEqual([])
})

test('a saved file that has another size than it had is a dead letter', async () => {
  const run = await opened()
  const record = savedFile(run, 'a.txt', 'before')
  writeFileSync(join(run.context.runDir, record.file!.path), 'longer than before')
  const result = await run.write(mediaRow(record, 0, LONG_AFTER))
  expect(result.rejected).toMatchObject([{ row: 0, cause: 'media-file' }])
  expect(stored(run).uploaded).toEqual([])
})

test('a store of files that refuses everything pauses the sink, and no file is given up', async () => {
  const run = await opened()
  run.server.script(({ operation }) => (operation === 'upload' ? { kind: 'status', status: 403 } : undefined))
  const batch = pictures(run, 30)
  await expect(run.write(...batch)).rejects.toMatchObject({ action: 'pause', code: 'WANDB_REFUSES_ALL' })
  run.server.script([])
  const result = await run.write(...batch)
  expect(result.rejected).toEqual([])
  expect(run.server.errors).toEqual([])
})
