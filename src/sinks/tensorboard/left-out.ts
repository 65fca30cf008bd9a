import type { SinkContext } from '../sink.js'

/** What an encoder left out since this was last told: each is a warning of its own. */
export class LeftOut {
  /** Values whose tag already has a higher step. */
  steppedBack = false
  /** Rows whose step is beyond the safe integers. */
  stepTooLarge = false
  /** Values whose tag shows another kind. */
  otherKind = false
  /** Hyper-parameters of a run that has some. */
  hparamsTwice = false

  warn(context: SinkContext): void {
    for (const [key, [kind, message]] of WARNINGS) {
      if (this[key]) context.warn(kind, message)
      this[key] = false
    }
  }
}

type Reason = 'steppedBack' | 'stepTooLarge' | 'otherKind' | 'hparamsTwice'

const WARNINGS = Object.entries({
  steppedBack: [
    'step-back',
    'TensorBoard gets no value whose step is lower than the last one of its tag: its loader would drop the later points. Log metrics with increasing steps, or in a run of their own.',
  ],
  stepTooLarge: [
    'step-too-large',
    'TensorBoard gets no row whose step is beyond 2^53 - 1, the largest exact integer.',
  ],
  otherKind: [
    'tag-kind',
    'TensorBoard shows one kind of value per name, the first one: values of another kind are left out there. Give each kind names of its own.',
  ],
  hparamsTwice: [
    'hparams-twice',
    "TensorBoard takes the hyper-parameters of a run once, and has them already (from the run's config, or an earlier hparams() call): later ones are left out there. Put them into config, or give the sink { type: 'tensorboard', hparams: false } and call hparams() once.",
  ],
} as const) as [Reason, readonly [kind: string, message: string]][]
