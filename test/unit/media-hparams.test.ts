import { expect, test } from 'vitest'
import { processHParams } from '../../src/media/process/hparams.js'
import { MediaError } from '../../src/media/request.js'

const flattened = (values: unknown): unknown => processHParams({ values }).value.values

const errorOf = (values: unknown): string => {
  try {
    processHParams({ values })
  } catch (error) {
    expect(error).toBeInstanceOf(MediaError)
    return (error as Error).message
  }
  throw new Error('it was taken')
}

test('nested objects and maps are flattened, their names joined by a slash', () => {
  const schedule = new Map<unknown, unknown>([
    ['warmup', 100],
    [2, 'cosine'],
  ])
  expect(flattened({ lr: 0.01, optimizer: { name: 'adam', amsgrad: false, schedule } })).toEqual({
    lr: 0.01,
    'optimizer/name': 'adam',
    'optimizer/amsgrad': false,
    'optimizer/schedule/warmup': 100,
    'optimizer/schedule/2': 'cosine',
  })
})

test('what is no text, number or boolean becomes one, or is left out where it is no value', () => {
  const values = {
    layers: [64, 'relu', null, Number.NaN, 2n ** 60n],
    sizes: Int32Array.of(3, 4),
    tags: new Set(['a']),
    start: new Date(0),
    small: 7n,
    large: 2n ** 60n,
    nan: Number.NaN,
    infinite: Number.NEGATIVE_INFINITY,
    none: null,
    missing: undefined,
    callback: () => 1,
    pattern: /a/,
    symbol: Symbol('a'),
  }
  expect(flattened(values)).toEqual({
    layers: '[64,"relu",null,"NaN","1152921504606846976"]',
    sizes: '[3,4]',
    tags: '["a"]',
    start: '1970-01-01T00:00:00.000Z',
    small: 7,
    large: '1152921504606846976',
    nan: 'NaN',
    infinite: '-Infinity',
  })
})

test('names that sound like secrets are left out with all that is in them, at any depth', () => {
  const values = {
    lr: 1,
    WANDB_API_KEY: 'leak',
    tokenizer: 'bpe',
    max_tokens: 512,
    key: 7,
    db: { Password: 'leak', host: 'h' },
    credentials: { user: 'leak' },
    list: [{ clientSecret: 'leak', id: 3 }],
    map: new Map([['apiKey', 'leak']]),
  }
  expect(flattened(values)).toEqual({
    lr: 1,
    tokenizer: 'bpe',
    max_tokens: 512,
    key: 7,
    'db/host': 'h',
    list: '[{"id":3}]',
  })
})

test('a name that objects have of their own is a name like any other', () => {
  const values: unknown = JSON.parse('{"__proto__": 1, "constructor": 2}')
  expect(JSON.stringify(flattened(values))).toBe('{"__proto__":1,"constructor":2}')
})

test('the same object may stand in two places', () => {
  const same = { a: 1 }
  expect(flattened({ x: same, y: same })).toEqual({ 'x/a': 1, 'y/a': 1 })
})

const circle: { inner: { list: unknown[]; back?: unknown } } = { inner: { list: [] } }
circle.inner.back = circle
const list: unknown[] = []
list.push(list)

test.each<[string, unknown, string]>([
  ['nothing', undefined, 'the hyper-parameters are missing: give an object of names and values'],
  ['a list', [1], 'the hyper-parameters are an array of 1'],
  ['text', 'lr=1', 'the hyper-parameters are "lr=1"'],
  ['no names', {}, 'it has no hyper-parameters'],
  [
    'nothing to show',
    { token: 'a', none: null },
    'it has no hyper-parameters (null, functions and names of secrets are left out)',
  ],
  ['a circle', circle, 'the hyper-parameter "inner/back" refers to itself'],
  ['a list in itself', { list }, 'the hyper-parameter "list" refers to itself'],
])('what makes no hyper-parameters is told with its fix: %s', (_, values, message) => {
  expect(errorOf(values)).toContain(message)
})
