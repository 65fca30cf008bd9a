import { WORKS, type Work } from '../peer.js'
import type { Group } from './environment.js'

/** One way to log from Python: a class of `trackers/<module>.py`, in one of its modes. */
export interface Tracker {
  readonly name: string
  readonly module: string
  readonly mode: string
  readonly group: Group
  readonly works: readonly Work[]
  /** Of a process of its own on loopback; its start is in nothing that is measured. */
  readonly server?: 'wandb' | 'mlflow'
  /**
   * Most scalars that one process logs, where they wait in a queue without bounds that drains so slowly that seconds
   * of logging would take minutes to write.
   */
  readonly mostScalars?: number
  readonly note?: string
}

const SCALARS = WORKS.filter((work) => work !== 'histogram')

const TORCH =
  "torch's own Python files of this name, with stand-ins for its tensors: its memory is not in this"
const NO_BOUNDS = 'its queue has no bounds: few rows, so that it drains at all'

export const NONE: Tracker = {
  name: 'no tracker',
  module: 'none',
  mode: '',
  group: 'none',
  works: ['ten'],
}

export const TRACKERS: readonly Tracker[] = [
  { name: 'json + write + flush', module: 'by_hand', mode: '', group: 'none', works: SCALARS },
  { name: 'wandb, offline', module: 'wandb_python', mode: 'offline', group: 'wandb', works: WORKS },
  {
    name: 'wandb, online',
    module: 'wandb_python',
    mode: 'online',
    group: 'wandb',
    works: WORKS,
    server: 'wandb',
  },
  { name: 'tensorboardX', module: 'tensorboardx', mode: '', group: 'tensorboard', works: WORKS },
  {
    name: 'torch.utils.tensorboard',
    module: 'torch_tensorboard',
    mode: '',
    group: 'torch',
    works: WORKS,
    note: TORCH,
  },
  { name: 'MLflow, files', module: 'mlflow_python', mode: 'files', group: 'mlflow', works: SCALARS },
  {
    name: 'MLflow, server',
    module: 'mlflow_python',
    mode: 'server',
    group: 'mlflow',
    works: SCALARS,
    server: 'mlflow',
  },
  {
    name: 'MLflow, server, async',
    module: 'mlflow_python',
    mode: 'async',
    group: 'mlflow',
    works: SCALARS,
    server: 'mlflow',
    mostScalars: 2000,
    note: NO_BOUNDS,
  },
  { name: 'Trackio', module: 'trackio_python', mode: '', group: 'trackio', works: WORKS },
  { name: 'Aim', module: 'aim_python', mode: '', group: 'aim', works: WORKS },
]
