import { describe, expect, test } from 'vitest'
import { describeCommand } from '../../src/daemon/context/command.js'
import { redactArguments } from '../../src/daemon/context/redact.js'

const SECRET = 'hunter2hunter2'

describe('a secret on the command line is masked', () => {
  test.each([
    [['--api-key=hunter2hunter2'], ['--api-key=***']],
    [['--apiKey=hunter2hunter2'], ['--apiKey=***']],
    [
      ['--wandb_api_key', SECRET, 'x'],
      ['--wandb_api_key', '***', 'x'],
    ],
    [
      ['--token', SECRET, '--lr', '1'],
      ['--token', '***', '--lr', '1'],
    ],
    [
      ['--token', `-${SECRET}`],
      ['--token', '***'],
    ],
    [['--hub-token=a=b hunter2hunter2'], ['--hub-token=***']],
    [
      ['-password', SECRET],
      ['-password', '***'],
    ],
    [
      ['--secret-value', SECRET],
      ['--secret-value', '***'],
    ],
    [
      ['--db-passwd', SECRET],
      ['--db-passwd', '***'],
    ],
    [['WANDB_API_KEY=hunter2hunter2'], ['WANDB_API_KEY=***']],
    [['logger.api_key=hunter2hunter2'], ['logger.api_key=***']],
    [
      ['--env', 'A=b,API_TOKEN=hunter2hunter2,C=d'],
      ['--env', 'A=b,API_TOKEN=***,C=d'],
    ],
    [['https://me:hunter2hunter2@h.org/x'], ['https://h.org/x']],
    [['--url=https://hunter2hunter2@h.org/x?a=1'], ['--url=https://h.org/x?a=1']],
    [['https://h.org/x?a=1&access_token=hunter2hunter2&b=2'], ['https://h.org/x?a=1&access_token=***&b=2']],
    [['https://h.blob.org/x?sv=1&sig=hunter2hunter2'], ['https://h.blob.org/x?sv=1&sig=***']],
    [['mongodb://u:hunter2hunter2?@h/db'], ['mongodb://h/db']],
    [['{"lr":1,"apiKey":"hunter2hunter2"}'], ['{"lr":1,"apiKey":"***"}']],
    [['{"apiKey": "a\\"hunter2hunter2"}'], ['{"apiKey": "***"}']],
    [['{apiKey: hunter2hunter2, lr: 1}'], ['{apiKey: ***, lr: 1}']],
    [['X-Api-Key: hunter2hunter2'], ['X-Api-Key: ***']],
    [['Authorization: Bearer hunter2hunter2'], ['Authorization: Bearer ***']],
    [['Authorization: Basic aHVudGVyMg=='], ['Authorization: Basic ***']],
    [
      ['push', 'hf_hunter2hunter2'],
      ['push', '***'],
    ],
    [['sk-hunter2hunter2'], ['***']],
  ])('%j', (args, expected) => {
    expect(redactArguments(args)).toEqual(expected)
  })
})

test.each([
  ['--lr', '3e-4'],
  ['--max-tokens', '512'],
  ['--tokenizer', 'bpe'],
  ['--key-dim=64'],
  ['--token_embedding_size=128'],
  ['--config', '{"maxTokens":5,"keyDim":"a"}'],
  ['git@github.com:a/b.git'],
  ['https://unpkg.com/react@18?x=1'],
  ['/usr/bin/node', '--max-old-space-size=4096', './train.js', '-v'],
  ['--notes', 'a basic run'],
])('what is no secret is kept: %s %s', (...args) => {
  expect(redactArguments(args)).toEqual(args)
})

describe('describeCommand', () => {
  const input = { cwd: '/w', argv: ['node', 't.js'], execArgv: [], pid: 7, env: {} }

  test('tells how the process was started', () => {
    const command = describeCommand({ ...input, execArgv: ['--import', 'x', '--token', SECRET] })
    expect(command).toMatchObject({ cwd: '/w', argv: ['node', 't.js'], pid: 7, env: {} })
    expect(command.execArgv).toEqual(['--import', 'x', '--token', '***'])
    expect(command.user === null || command.user.length > 0).toBe(true)
  })

  test('keeps listed environment variables only', () => {
    const env = {
      RANK: '3',
      SLURM_JOB_ID: '9',
      HOME: '/h',
      WANDB_API_KEY: SECRET,
      MY_RANK: '1',
      NODE_OPTIONS: SECRET,
    }
    expect(describeCommand({ ...input, env }).env).toEqual({ RANK: '3', SLURM_JOB_ID: '9' })
  })

  test('is bounded', () => {
    const { argv } = describeCommand({ ...input, argv: new Array(5000).fill('x'.repeat(10_000)) })
    expect(argv).toHaveLength(1000)
    expect(argv[0]).toHaveLength(4096)
  })

  test('a secret that the bound cuts in two is masked all the same', () => {
    const padding = 'x '.repeat(2037)
    const { argv } = describeCommand({ ...input, argv: [`${padding}https://me:${SECRET}@h.org/`] })
    expect(argv[0]).not.toContain('hunter')
  })
})
