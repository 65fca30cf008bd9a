import type { JsonObject, JsonValue } from '../../../store/run-context.js'

/** TelemetryRecord.platform, by its field number. */
const PLATFORM_FIELD = '13'

const MACHINES: { readonly [arch: string]: string } = { x64: 'x86_64', arm64: 'aarch64' }

/**
 * A run's config in W&B's shape: `{"lr":{"value":0.1}, "_wandb":{"value":{"t":{...},"m":[]}}}`.
 *
 * `_wandb.value.t`, the telemetry, must be there: W&B's own clients take a run without it for one that does not
 * exist, and would not resume it. It names the platform alone; versions in it are those of W&B's Python client.
 * `metrics`: see metric-list.ts.
 */
export function wandbConfig(
  config: JsonObject,
  metrics: readonly JsonObject[] = [],
): { readonly [key: string]: { readonly value: JsonValue } } {
  const wrapped = Object.entries(config).map(([key, value]) => [key, { value }] as const)
  return { ...Object.fromEntries(wrapped), _wandb: { value: wandbEntry(metrics) } }
}

function wandbEntry(metrics: readonly JsonObject[]): JsonObject {
  const platform = `${process.platform}-${MACHINES[process.arch] ?? process.arch}`
  return { t: { [PLATFORM_FIELD]: platform }, m: metrics }
}
