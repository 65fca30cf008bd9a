/** Which plot a metric belongs in, by its name. */
export type MetricKind = 'loss' | 'learning-rate' | 'gradient' | 'throughput' | 'other'

/** The part of the data that a metric was measured on. */
export type Split = 'train' | 'validation' | 'test'

const SPLITS: { readonly [word: string]: Split } = {
  train: 'train',
  training: 'train',
  tr: 'train',
  val: 'validation',
  valid: 'validation',
  validation: 'validation',
  eval: 'validation',
  evaluation: 'validation',
  dev: 'validation',
  test: 'test',
  testing: 'test',
}
const LOSS = /^(loss(es)?|nll|crossentropy|xent|elbo)\d*$/
/** Not the loss itself, but something about it: loss_scale, loss_weight. */
const ABOUT_LOSS =
  /^(scale|scaler|scaling|weight|coef|coefficient|count|std|stddev|var|variance|time|seconds|ms)$/
const GRADIENT = /^(grad|grads|gradient|gradients|gradnorm|gnorm)$/
const RATE = /(^|_)per_(second|sec|s|minute|min|hour)$/
const RATE_WORD = /^(throughput|tps|fps|qps|ips|mfu)$/
const DURATION =
  /(^|_)(step|iter|iteration|batch|epoch)_(time|seconds|sec|s|ms|duration)(_(ms|s|sec|seconds))?$/

/** `train/loss`, `Loss/val`, `valAccuracy` and `tokens_per_second` all work. */
export function kindOf(name: string): MetricKind {
  const words = wordsOf(name)
  const joined = words.join('_')
  if (words.includes('lr') || words.includes('learningrate') || /(^|_)learning_rate(_|$)/.test(joined))
    return 'learning-rate'
  if (words.some((word) => GRADIENT.test(word))) return 'gradient'
  if (RATE.test(joined) || DURATION.test(joined) || /\/s(ec(ond)?)?$/i.test(name)) return 'throughput'
  if (words.some((word) => RATE_WORD.test(word))) return 'throughput'
  const isLoss = words.some((word) => LOSS.test(word)) || /(^|_)cross_entropy(_|$)/.test(joined)
  return isLoss && !words.some((word) => ABOUT_LOSS.test(word)) ? 'loss' : 'other'
}

/** Null where the name tells none. */
export function splitOf(name: string): Split | null {
  for (const word of wordsOf(name)) {
    const split = SPLITS[word]
    if (split !== undefined) return split
  }
  return null
}

/** What was measured, whatever it was measured on: `train/loss`, `val_loss` and `Loss/test` are all `loss`. */
export function quantityOf(name: string): string {
  const words = wordsOf(name).filter((word) => !Object.hasOwn(SPLITS, word))
  return words.length === 0 ? name : words.join(' ')
}

/** `trainLoss` is two words, `mIoU` is one. */
function wordsOf(name: string): string[] {
  const spaced = name.replace(/([a-z0-9])([A-Z][a-z])/g, '$1 $2').toLowerCase()
  return spaced.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '')
}

/** Metrics of one quantity, which one chart shows. */
export interface MetricGroup {
  readonly quantity: string
  readonly names: readonly string[]
}

/** In the order in which the quantities first appear; train before validation before test. */
export function groupByQuantity(names: readonly string[]): MetricGroup[] {
  const groups = new Map<string, string[]>()
  for (const name of names) {
    const quantity = quantityOf(name)
    const group = groups.get(quantity)
    if (group === undefined) groups.set(quantity, [name])
    else group.push(name)
  }
  return Array.from(groups, ([quantity, group]) => ({
    quantity,
    names: group.toSorted((a, b) => rank(a) - rank(b)),
  }))
}

const ORDER: readonly (Split | null)[] = [null, 'train', 'validation', 'test']
const rank = (name: string): number => ORDER.indexOf(splitOf(name))

/** Lines in one chart that can still be told apart. */
const MAX_LINES = 8

export interface MetricChoice {
  /** Of the loss chart: those of one loss, or several losses where none is the main one. */
  readonly loss: readonly string[]
  readonly learningRate: readonly string[]
  readonly gradients: readonly string[]
  readonly throughput: readonly string[]
  /** Everything else, by quantity. */
  readonly others: readonly MetricGroup[]
}

/** Where each metric is shown: in one place. */
export function chooseMetrics(names: readonly string[]): MetricChoice {
  const of = new Map<MetricKind, string[]>()
  for (const name of names) {
    const kind = kindOf(name)
    const found = of.get(kind)
    if (found === undefined) of.set(kind, [name])
    else found.push(name)
  }
  const loss = mainLoss(of.get('loss') ?? [])
  const take = (kind: MetricKind): readonly string[] => (of.get(kind) ?? []).slice(0, MAX_LINES)
  const chosen = {
    loss,
    learningRate: take('learning-rate'),
    gradients: take('gradient'),
    throughput: take('throughput'),
  }
  const shown = new Set(Object.values(chosen).flat())
  return { ...chosen, others: groupByQuantity(names.filter((name) => !shown.has(name))) }
}

/** The loss called "loss", else the first one of several splits, else all of them where they fit in one chart. */
function mainLoss(names: readonly string[]): readonly string[] {
  const groups = groupByQuantity(names)
  const main =
    groups.find(({ quantity }) => quantity === 'loss') ?? groups.find((group) => group.names.length > 1)
  return (main?.names ?? names).slice(0, MAX_LINES)
}
