/** Which way a metric is better, by its name. */
export type Goal = 'minimize' | 'maximize'

const MINIMIZE = words(
  'loss error err perplexity ppl nll mse rmse msle rmsle mae mape smape bpc bpb bpd wer cer ter eer fid kid fvd lpips crossentropy',
)
const MAXIMIZE = words(
  'accuracy acc f1 auc auroc auprc ap map bleu rouge meteor chrf reward return score iou miou dice r2 precision recall specificity sensitivity psnr ssim mrr ndcg mcc elo throughput tps qps fps',
)
/** Not the quantity itself, but something about it: loss_scale, reward_std, accuracy_count. */
const ABOUT = words(
  'scale weight coef coefficient count std stddev var variance time seconds ms threshold target',
)
const RATE = /(^|_)per_(second|sec|s)$/

/** The goal that the name of a metric tells, e.g. `train/loss`, `Loss/val`, `valAccuracy`, `tokens_per_second`. */
export function goalOf(name: string): Goal | undefined {
  // The last part of the path is the most telling one, but TensorBoard users write Loss/train.
  for (const part of name.split(/[/.:]/).reverse()) {
    const goal = goalOfPart(part)
    if (goal !== undefined) return goal
  }
  return undefined
}

function goalOfPart(part: string): Goal | undefined {
  // trainLoss is two words, mIoU is one.
  const spellings = `${part.replace(/([a-z0-9])([A-Z])/g, '$1_$2')} ${part}`.toLowerCase()
  const tokens = spellings.split(/[^a-z0-9]+/)
  if (RATE.test(tokens.join('_'))) return 'maximize'
  if (tokens.some((token) => ABOUT.has(token))) return undefined
  if (tokens.some((token) => holds(MINIMIZE, token))) return 'minimize'
  return tokens.some((token) => holds(MAXIMIZE, token)) ? 'maximize' : undefined
}

/** Also with a number behind it: bleu4, acc1, loss2. */
function holds(set: ReadonlySet<string>, token: string): boolean {
  return set.has(token) || set.has(token.replace(/\d+$/, ''))
}

function words(list: string): ReadonlySet<string> {
  return new Set(list.split(' '))
}
