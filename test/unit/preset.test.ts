import { describe, expect, test } from 'vitest'
import { PRESET_NAMES } from '../../dist/src/options/defaults.js'
import { PRESETS } from '../../dist/src/options/presets.js'
import { resolveOptions } from '../../dist/src/options/validate.js'

const KEYS = { WANDB_API_KEY: 'k'.repeat(40), MLFLOW_TRACKING_URI: 'http://127.0.0.1:5000' }
const sinkNames = (input: unknown, env = {}) => resolveOptions(input, env).sinks.map(({ name }) => name)

describe('presets', () => {
  test.each(PRESET_NAMES)('%s holds options that init() takes, with and without trackers', (preset) => {
    expect(() => resolveOptions({ preset }, {})).not.toThrow()
    expect(() => resolveOptions({ preset }, KEYS)).not.toThrow()
  })

  test.each(PRESET_NAMES)('every option of %s may be given otherwise', (preset) => {
    const options = PRESETS[preset].options({})
    const plain = resolveOptions({}, {})
    const given = { preset, sinks: ['csv'], captureConsole: !options.captureConsole, plots: !options.plots }
    const resolved = resolveOptions({ ...given, ring: { whenFull: 'drop' }, exitTimeoutMs: 7 }, {})
    expect(resolved).toMatchObject({
      captureConsole: given.captureConsole,
      plots: given.plots,
      exitTimeoutMs: 7,
    })
    expect(resolved.sinks[0]!.name).toBe('csv')
    expect(resolved.sinks.some(({ name }) => name === 'jsonl')).toBe(false)
    expect(resolved.ring.whenFull).toBe('drop')
    // What is not given stays the preset's, within an object too.
    expect(resolved.ring.capacityBytes).toBe(options.ring?.capacityBytes ?? plain.ring.capacityBytes)
  })

  test('an option that is undefined says nothing', () => {
    const given = { preset: 'production', plots: undefined, ring: { whenFull: undefined } }
    const { ring, plots } = resolveOptions({ preset: 'production' }, {})
    expect(resolveOptions(given, {})).toMatchObject({ ring, plots })
    expect({ ring, plots }).toMatchObject({ ring: { whenFull: 'grow' }, plots: true })
  })

  test('the environment chooses one, and an argument another', () => {
    expect(resolveOptions({}, { OFFSTEP_PRESET: 'benchmark' }).sinks).toHaveLength(1)
    expect(sinkNames({ preset: 'basic' }, { OFFSTEP_PRESET: 'benchmark' })).toEqual([
      'jsonl',
      'csv',
      'tensorboard',
    ])
  })

  test('the environment wins over what a preset says', () => {
    expect(resolveOptions({ preset: 'full' }, { OFFSTEP_MODE: 'offline' }).mode).toBe('offline')
  })

  test('one that is not there is refused with the nearest name, wherever it was given', () => {
    const wrong = /preset: given string "produktion"; .*did you mean "production"/
    expect(() => resolveOptions({ preset: 'produktion' }, {})).toThrow(wrong)
    expect(() => resolveOptions({}, { OFFSTEP_PRESET: 'fulll' })).toThrow(
      /environment variable OFFSTEP_PRESET: given string "fulll"; .*did you mean "full"/,
    )
    expect(() => resolveOptions({ preset: '__proto__' }, {})).toThrow(/preset: given string/)
  })

  test.each(['full', 'production'])(
    '%s goes to a tracker only where the environment has its key',
    (preset) => {
      expect(sinkNames({ preset }, {})).not.toContain('wandb')
      expect(sinkNames({ preset }, {})).not.toContain('mlflow')
      expect(sinkNames({ preset }, KEYS)).toEqual(expect.arrayContaining(['wandb', 'mlflow']))
      expect(sinkNames({ preset }, { ...KEYS, WANDB_MODE: 'disabled' })).not.toContain('wandb')
      expect(sinkNames({ preset, sinks: ['jsonl'] }, KEYS)).not.toContain('wandb')
    },
  )

  test.each(['basic', 'stability', 'benchmark'])('%s never goes to the network', (preset) => {
    expect(sinkNames({ preset }, KEYS)).not.toContain('wandb')
    expect(sinkNames({ preset }, KEYS)).not.toContain('mlflow')
  })

  test('the largest ring of a preset gives way to a larger one that is given, as the default does', () => {
    const { ring } = resolveOptions({ preset: 'production', ring: { capacityBytes: 2 ** 29 } }, {})
    expect(ring).toMatchObject({ capacityBytes: 2 ** 29, maxCapacityBytes: 2 ** 29, whenFull: 'grow' })
  })
})
