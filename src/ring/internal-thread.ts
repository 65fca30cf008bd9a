/** Set in every thread of ours, so that an `--import` preload that calls `init()` there gets a disabled run. */
export const INTERNAL_THREAD = 'OFFSTEP_INTERNAL_THREAD'
