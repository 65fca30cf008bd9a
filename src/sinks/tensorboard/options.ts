import * as v from 'valibot'

export const tensorBoardOptions = v.object({
  /** The run's config as hyper-parameters, on the page "HParams". */
  hparams: v.optional(v.boolean(), true),
})
