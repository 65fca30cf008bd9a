import type { SystemProbe } from './probe.js'

const probes = new WeakMap<object, SystemProbe>()

/** A run has a probe where its system monitor is on. */
export function rememberProbe(run: object, probe: SystemProbe): void {
  probes.set(run, probe)
}

/** Null where the run is disabled, has no system monitor, or is another thread's. */
export const probeOf = (run: object): SystemProbe | null => probes.get(run) ?? null
