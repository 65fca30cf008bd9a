import { describe, expect, test } from 'vitest'
import { BLOCK_BYTES } from '../../src/journal/framing.js'
import { ItemEncoder } from '../../src/sinks/wandb/offline/item-encoder.js'
import { TransactionLog } from '../../src/sinks/wandb/offline/transaction-log.js'
import { decodeMessage, part, readPayloads, texts } from '../support/wandb-log.js'

const payload = (length: number, seed = 0): Buffer =>
  Buffer.from(Uint8Array.from({ length }, (_, index) => (index * 31 + seed) & 0xff))

/** Byte by byte, by other means than an `expect`, which compares numbers. */
function expectSame(payloads: readonly Buffer[], records: readonly Buffer[]): void {
  expect(payloads.map(({ length }) => length)).toEqual(records.map(({ length }) => length))
  expect(payloads.findIndex((bytes, index) => !bytes.equals(records[index]!))).toBe(-1)
}

describe('the framing of a .wandb file', () => {
  test.each(Array.from({ length: 20 }, (_, left) => left))(
    'a record that begins %i bytes before the end of a block is read back',
    (left) => {
      const log = new TransactionLog()
      log.begin(0)
      const first = payload(BLOCK_BYTES - 7 - 7 - left)
      const second = payload(100, 1)
      log.add(first)
      expect(log.length).toBe(BLOCK_BYTES - left)
      log.add(second)
      expectSame(readPayloads(log.bytes), [first, second])
    },
  )

  test('a record of several blocks is read back, and so is what follows it', () => {
    const log = new TransactionLog()
    log.begin(0)
    const records = [payload(10), payload(3 * BLOCK_BYTES + 5, 2), Buffer.alloc(0), payload(1, 3)]
    for (const record of records) log.add(record)
    expectSame(readPayloads(log.bytes), records)
  })

  test('a file in pieces is the file in one', () => {
    const records = Array.from({ length: 400 }, (_, index) => payload(1 + ((index * 97) % 700), index))
    const whole = new TransactionLog()
    whole.begin(0)
    for (const record of records) whole.add(record)
    const pieces: Buffer[] = []
    const piece = new TransactionLog()
    let position = 0
    for (let from = 0; from < records.length; from += 7) {
      piece.begin(position)
      for (const record of records.slice(from, from + 7)) piece.add(record)
      pieces.push(Buffer.from(piece.bytes))
      position += piece.length
    }
    expect(Buffer.concat(pieces).equals(whole.bytes)).toBe(true)
  })

  test('a batch larger than the buffer is kept whole', () => {
    const log = new TransactionLog()
    log.begin(0)
    const records = Array.from({ length: 40 }, (_, index) => payload(100_000, index))
    for (const record of records) log.add(record)
    expectSame(readPayloads(log.bytes), records)
  })
})

describe('history and summary records', () => {
  test('a history record holds its step twice, and each value under a nested key of one part', () => {
    const fields = [
      ['_step', '7'],
      ['a.b', '1e-7'],
      ['zero', '-0'],
    ] as const
    const record = decodeMessage(Buffer.from(new ItemEncoder().history(3, 7, fields)))
    expect(record.get(1)).toEqual([3])
    const history = part(record, 2)!
    expect(part(history, 2)?.get(1)).toEqual([7])
    const items = history.get(1)!.map((item) => decodeMessage(item as Buffer))
    expect(items.map((item) => [texts(item, 1), texts(item, 2), texts(item, 16)])).toEqual([
      [[], ['_step'], ['7']],
      [[], ['a.b'], ['1e-7']],
      // W&B's client would make 0 of -0.
      [[], ['zero'], ['-0.0']],
    ])
  })

  test('names and values of any length are kept, in a buffer that grows', () => {
    const encoder = new ItemEncoder()
    for (const length of [1, 127, 128, 16_383, 16_384, 100_000]) {
      const fields = [
        ['ü'.repeat(length), `"${'ß'.repeat(length)}"`],
        ['after', '0'],
      ] as const
      const summary = part(decodeMessage(Buffer.from(encoder.summary(length, fields))), 3)!
      const items = summary.get(1)!.map((item) => decodeMessage(item as Buffer))
      expect(items.map((item) => [texts(item, 2)[0], texts(item, 16)[0]])).toEqual(fields)
    }
  })
})
