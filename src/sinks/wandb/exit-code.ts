import type { RunStatus } from '../sink.js'

/** As W&B's own clients tell how a process ended: 255 after an interrupt. */
const EXIT_CODES = { completed: 0, failed: 1, crashed: 1, killed: 255 } as const

export const exitCodeOf = (status: Exclude<RunStatus, 'running'>): number => EXIT_CODES[status]
