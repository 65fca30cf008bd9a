import type { AlertLevel } from '../record/updates.js'

/** What every rule may have. */
interface RuleCommon {
  /** In place of the title that the rule makes. */
  readonly title?: string | undefined
  /** Default `warn`; `error` for `nan` and `heartbeat`, and for runs that failed or crashed. */
  readonly level?: AlertLevel | undefined
  /** A condition that begins again sooner than this after the rule's last alert is counted, not told. Default 600,000. */
  readonly coolDownMs?: number | undefined
  /** Names of targets; default all. The log and `onAlert` get every alert. */
  readonly targets?: readonly string[] | undefined
  /** Ask that the run be stopped: `run.stopRequested`, `run.stopSignal`. Default false. */
  readonly stop?: boolean | undefined
}

/** Tells when a condition begins, not while it lasts. */
export type AlertRule = RuleCommon &
  (
    | {
        /** A value is NaN or infinite. */
        readonly when: 'nan'
        /** Default: every metric. */
        readonly metric?: string | readonly string[] | undefined
      }
    | {
        /** A value is above or below a bound. NaN is neither. */
        readonly when: 'threshold'
        readonly metric: string
        readonly above?: number | undefined
        readonly below?: number | undefined
        /** So many logged values in a row; default 1. */
        readonly forSteps?: number | undefined
      }
    | {
        /** A metric has not got better for so many steps. */
        readonly when: 'plateau'
        readonly metric: string
        /** Steps, as they are logged. */
        readonly steps: number
        /** Less than this is no improvement; default 0. */
        readonly minDelta?: number | undefined
        /** Default: by `goals`, else by the metric's name, else `minimize`. */
        readonly goal?: 'minimize' | 'maximize' | undefined
      }
    | {
        /** A validation metric is worse than its training metric by more than a part of it. */
        readonly when: 'overfitting'
        /** Default `loss`: its mean since the validation before. */
        readonly train?: string | undefined
        /** Default `val_loss`. */
        readonly validation?: string | undefined
        /** Part of the training value: 0.2 is a fifth. Default 0.2. */
        readonly gap?: number | undefined
        /** So many validations in a row; default 3. */
        readonly forSteps?: number | undefined
        readonly goal?: 'minimize' | 'maximize' | undefined
      }
    | {
        /** Steps take longer than they did. */
        readonly when: 'slow'
        /** Times as long as before; default 2. */
        readonly factor?: number | undefined
        /** Steps that a mean is made of; default 50. */
        readonly steps?: number | undefined
      }
    | {
        /** The GPUs have nothing to do: by the samples of `monitor.system`, which has to be on. */
        readonly when: 'gpu-idle'
        /** Percent; default 5. */
        readonly below?: number | undefined
        /** Default 300,000. */
        readonly forMs?: number | undefined
        /** Index of one GPU; default: all of them idle. */
        readonly gpu?: number | undefined
      }
    | {
        /** Nothing is logged for so long while the process lives; or the run has died, told by whoever recovers it. */
        readonly when: 'heartbeat'
        /** Default 600,000. */
        readonly afterMs?: number | undefined
      }
    | {
        /** The disk of the run has little room. */
        readonly when: 'disk-low'
        /** Default 1 GiB. */
        readonly freeBytes?: number | undefined
      }
    | {
        /** A sink has failed so often in a row, or waits for a person. */
        readonly when: 'sink-failing'
        /** Default: every sink. */
        readonly sink?: string | undefined
        /** Default 3. */
        readonly attempts?: number | undefined
      }
    | {
        /** The run has ended. `crashed` is told by whoever recovers it. */
        readonly when: 'finished'
        /** Default: all of them. */
        readonly statuses?: readonly EndStatus[] | undefined
      }
  )

export const END_STATUSES = ['completed', 'failed', 'killed', 'crashed'] as const
export type EndStatus = (typeof END_STATUSES)[number]

/** Where alerts go. `name`: for `targets` of a rule, and for `status()`; default the type. */
export type AlertTarget =
  | 'terminal'
  | 'slack'
  | 'discord'
  | 'webhook'
  | { readonly type: 'terminal' }
  | {
      readonly type: 'slack' | 'discord'
      readonly name?: string | undefined
      /** The webhook, which is a secret. Default: what `env` names. */
      readonly url?: string | undefined
      /** Default `OFFSTEP_SLACK_WEBHOOK`, `OFFSTEP_DISCORD_WEBHOOK`. */
      readonly env?: string | undefined
    }
  | {
      readonly type: 'webhook'
      readonly name?: string | undefined
      readonly url?: string | undefined
      /** Default `OFFSTEP_ALERT_WEBHOOK`. */
      readonly env?: string | undefined
      /** Secrets too: not written to any file. */
      readonly headers?: { readonly [name: string]: string } | undefined
      /** JSON that is sent; `{{title}}` and the like in its strings are replaced. Default: all there is. */
      readonly template?: unknown
    }
  | {
      readonly type: 'email'
      readonly name?: string | undefined
      readonly to: string | readonly string[]
      /** Default: the user of `url` where that is an address, else `offstep@<host name>`. */
      readonly from?: string | undefined
      /** `smtp://user:password@host:587`, or `smtps:`: a secret. Default: what `env` names. */
      readonly url?: string | undefined
      /** Default `OFFSTEP_SMTP_URL`. */
      readonly env?: string | undefined
    }

/** One alert, as `onAlert` and a webhook get it. */
export interface FiredAlert {
  /** The same for the same alert, however often it is sent: the idempotency key. */
  readonly id: string
  /** What kind of rule; `alert` for a call of `run.alert()`. */
  readonly rule: AlertRule['when'] | 'alert'
  readonly title: string
  readonly text: string
  readonly level: AlertLevel
  readonly metric: string | null
  readonly value: number | null
  readonly step: number | null
  /** Milliseconds since the epoch: of the row that it is about. */
  readonly time: number
}

/** Called for each alert, in an event loop turn of the thread that called `init()`. */
export type OnAlert = (alert: FiredAlert) => void

type Rule<When extends AlertRule['when']> = Extract<AlertRule, { readonly when: When }>
type Filled<T, Optional extends keyof T> = {
  readonly [Key in Exclude<keyof T, Optional>]-?: Exclude<T[Key], undefined>
} & { readonly [Key in Optional]?: T[Key] }

/** Rules with their defaults: rules themselves, for a run that goes on. Plain JSON. */
export type ResolvedRule =
  | (Omit<Filled<Rule<'nan'>, 'title' | 'targets' | 'metric'>, 'metric'> & {
      readonly metric?: readonly string[] | undefined
    })
  | Filled<Rule<'threshold'>, 'title' | 'targets' | 'above' | 'below'>
  | Filled<Rule<'plateau'>, 'title' | 'targets'>
  | Filled<Rule<'overfitting'>, 'title' | 'targets'>
  | Filled<Rule<'slow'>, 'title' | 'targets'>
  | Filled<Rule<'gpu-idle'>, 'title' | 'targets' | 'gpu'>
  | Filled<Rule<'heartbeat'>, 'title' | 'targets'>
  | Filled<Rule<'disk-low'>, 'title' | 'targets'>
  | Filled<Rule<'sink-failing'>, 'title' | 'targets' | 'sink'>
  | Filled<Rule<'finished'>, 'title' | 'targets' | 'level'>

export type ResolvedRuleOf<When extends ResolvedRule['when']> = Extract<ResolvedRule, { readonly when: When }>

/** A target that sends over the network: what of it may be in a file. Plain JSON. */
export interface ResolvedTarget {
  readonly type: 'slack' | 'discord' | 'webhook' | 'email'
  readonly name: string
  readonly env: string
  readonly template?: unknown
  readonly to?: readonly string[]
  readonly from?: string
}

/** What of it may not: under this name, sinks' options are kept out of run.json. */
export interface TargetSecrets {
  readonly url?: string
  readonly headers?: { readonly [name: string]: string }
}
