/**
 * Names of what the monitor samples. A record has W&B's, without `system.`; what W&B has no name for is named in its
 * manner. Other destinations get their own.
 */
const MEGA = 1e6
const MEBI_TO_MEGA = 2 ** 20 / MEGA
const GIBI_TO_MEGA = 2 ** 30 / MEGA

interface Rule {
  readonly pattern: RegExp
  /** `$1` is the number of the device. */
  readonly name: string
  /** From our unit to MLflow's. */
  readonly factor?: number
}

/** MLflow's own names (mlflow/system_metrics/metrics), whose megabytes are 10^6 bytes; then some in their manner. */
const MLFLOW: readonly Rule[] = [
  { pattern: /^cpu\.total_percent$/, name: 'cpu_utilization_percentage' },
  { pattern: /^memory\.usedMB$/, name: 'system_memory_usage_megabytes', factor: MEBI_TO_MEGA },
  { pattern: /^memory_percent$/, name: 'system_memory_usage_percentage' },
  { pattern: /^gpu\.(\d+)\.gpu$/, name: 'gpu_$1_utilization_percentage' },
  { pattern: /^gpu\.(\d+)\.memoryAllocated$/, name: 'gpu_$1_memory_usage_percentage' },
  { pattern: /^gpu\.(\d+)\.memoryAllocatedBytes$/, name: 'gpu_$1_memory_usage_megabytes', factor: 1 / MEGA },
  { pattern: /^gpu\.(\d+)\.powerWatts$/, name: 'gpu_$1_power_usage_watts' },
  { pattern: /^gpu\.(\d+)\.powerPercent$/, name: 'gpu_$1_power_usage_percentage' },
  { pattern: /^network\.recv$/, name: 'network_receive_megabytes', factor: 1 / MEGA },
  { pattern: /^network\.sent$/, name: 'network_transmit_megabytes', factor: 1 / MEGA },
  { pattern: /^disk\.\/\.usagePercent$/, name: 'disk_usage_percentage' },
  { pattern: /^disk\.\/\.usageGB$/, name: 'disk_usage_megabytes', factor: GIBI_TO_MEGA },
  { pattern: /^disk\.\/\.availableGB$/, name: 'disk_available_megabytes', factor: GIBI_TO_MEGA },
  { pattern: /^gpu\.(\d+)\.temp$/, name: 'gpu_$1_temperature_celsius' },
  { pattern: /^gpu\.(\d+)\.memory$/, name: 'gpu_$1_memory_utilization_percentage' },
  { pattern: /^cpu$/, name: 'process_cpu_utilization_percentage' },
  { pattern: /^cpu\.(\d+)\.cpu_percent$/, name: 'cpu_$1_utilization_percentage' },
  { pattern: /^proc\.memory\.rssMB$/, name: 'process_memory_usage_megabytes', factor: MEBI_TO_MEGA },
  { pattern: /^proc\.memory\.percent$/, name: 'process_memory_usage_percentage' },
]

/**
 * MLflow's name of a value of a system record: `gpu.0.gpu` is `system/gpu_0_utilization_percentage`. Where MLflow has
 * none, ours in its manner: `nodejs.heap.usedMB` is `system/nodejs_heap_used_mb`. Always a name that MLflow takes.
 */
export function mlflowSystemName(name: string): string {
  const rule = ruleFor(name)
  return `system/${rule === undefined ? snakeCase(name) : name.replace(rule.pattern, rule.name)}`
}

/** The value in the unit that `mlflowSystemName(name)` says. */
export const mlflowSystemValue = (name: string, value: number): number => value * (ruleFor(name)?.factor ?? 1)

/**
 * The tag of TensorBoard: `system/gpu.0.gpu`. Null for a single core: a large machine would have more charts of its cores
 * than of anything else, and `cpu.total_percent` is there.
 */
export const tensorBoardSystemName = (name: string): string | null =>
  CORE.test(name) ? null : `system/${name}`

const CORE = /^cpu\.\d+\.cpu_percent$/

const ruleFor = (name: string): Rule | undefined => MLFLOW.find(({ pattern }) => pattern.test(name))

const snakeCase = (name: string): string =>
  name
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z\d]+/g, '_')
