import { describe, expect, test } from 'vitest'
import { chooseMetrics, groupByQuantity, kindOf, quantityOf, splitOf } from '../../src/plots/names.js'

describe('the name of a metric tells', () => {
  test.each([
    [
      'loss',
      [
        'loss',
        'train/loss',
        'val_loss',
        'Loss/test',
        'trainLoss',
        'cls_loss',
        'train/cross_entropy',
        'loss2',
      ],
    ],
    ['learning-rate', ['lr', 'learning_rate', 'optimizer/lr', 'learningRate', 'lr-Adam']],
    ['gradient', ['grad_norm', 'gradients/layer1', 'gradNorm', 'grad_clip', 'train/clipped_grad_norm']],
    [
      'throughput',
      ['tokens_per_second', 'samples/s', 'samples/sec', 'steps_per_sec', 'throughput', 'step_time_ms', 'fps'],
    ],
    [
      'other',
      ['accuracy', 'loss_scale', 'loss_weight', 'param_norm', 'val/f1', 'glossary', 'flops', 'upgrade'],
    ],
  ] as const)('which plot is its own: %s', (kind, names) => {
    expect(names.map((name) => [name, kindOf(name)])).toEqual(names.map((name) => [name, kind]))
  })

  test('which part of the data it was measured on', () => {
    const names = [
      'train/loss',
      'val_loss',
      'Loss/test',
      'validAccuracy',
      'eval/f1',
      'loss',
      'value',
      'trainer',
    ]
    const splits = ['train', 'validation', 'test', 'validation', 'validation', null, null, null]
    expect(names.map(splitOf)).toEqual(splits)
  })

  test('what was measured, so that train and validation share a chart', () => {
    const names = ['train/loss', 'val_loss', 'Loss/test', 'trainLoss', 'loss']
    expect(new Set(names.map(quantityOf))).toEqual(new Set(['loss']))
    expect(quantityOf('val')).toBe('val')
    expect(groupByQuantity(['val/acc', 'kl', 'train/acc'])).toEqual([
      { quantity: 'acc', names: ['train/acc', 'val/acc'] },
      { quantity: 'kl', names: ['kl'] },
    ])
  })
})

describe('each metric has one place', () => {
  test('the main loss is the chart of the losses, and other losses are with the other metrics', () => {
    const choice = chooseMetrics(['aux_loss', 'val/loss', 'train/loss', 'lr', 'grad_norm', 'tps', 'kl'])
    expect(choice.loss).toEqual(['train/loss', 'val/loss'])
    expect(choice.learningRate).toEqual(['lr'])
    expect(choice.gradients).toEqual(['grad_norm'])
    expect(choice.throughput).toEqual(['tps'])
    expect(choice.others.flatMap(({ names }) => names)).toEqual(['aux_loss', 'kl'])
  })

  test('losses of which none is the main one share the chart', () => {
    expect(chooseMetrics(['loss_G', 'loss_D']).loss).toEqual(['loss_G', 'loss_D'])
  })

  test('lines that a chart has no room for are with the others, not gone', () => {
    const names = Array.from({ length: 12 }, (_, layer) => `grad_norm/layer${layer}`)
    const { gradients, others } = chooseMetrics(names)
    expect([...gradients, ...others.flatMap((group) => group.names)].sort()).toEqual(names.toSorted())
    expect(others.length).toBeGreaterThan(0)
  })

  test('100,000 names are chosen from, each once', () => {
    const names = Array.from({ length: 100_000 }, (_, index) => `metric/${index}`)
    expect(chooseMetrics(names).others.flatMap((group) => group.names)).toEqual(names)
  })
})
