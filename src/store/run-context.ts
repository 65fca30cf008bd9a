/** What `run.json` tells of the place where a run happened. Whatever could not be found out is null. */
import type { JsonObject, JsonValue } from '../record/json.js'

export type { JsonObject, JsonValue }

export interface GitInfo {
  /** Full hash; null before the first commit. */
  readonly commit: string | null
  /** Null when HEAD is detached. */
  readonly branch: string | null
  /** Tracked files differ from the commit. */
  readonly dirty: boolean | null
  /** URL of `origin`, or of the first remote, without credentials. */
  readonly remote: string | null
}

/** How the process was started. Secrets are masked. */
export interface CommandInfo {
  readonly argv: readonly string[]
  readonly execArgv: readonly string[]
  readonly cwd: string
  readonly user: string | null
  readonly pid: number
  /** A fixed list of harmless variables. */
  readonly env: { readonly [name: string]: string }
}

export interface SoftwareInfo {
  readonly node: string
  readonly v8: string
  readonly offstep: string | null
  /** The nearest package.json of the working directory. */
  readonly package: { readonly name: string | null; readonly version: string | null } | null
  /** Installed versions of its dependencies and of @tensorflow/*. */
  readonly dependencies: { readonly [name: string]: string }
}

export interface GpuInfo {
  readonly name: string
  readonly uuid: string | null
  readonly memoryBytes: number | null
  readonly driver: string | null
}

export interface HardwareInfo {
  readonly os: string
  readonly platform: string
  readonly release: string
  readonly arch: string
  readonly hostname: string
  readonly cpu: string | null
  /** Logical cores of the machine. */
  readonly cores: number
  readonly memoryBytes: number
  /** What the control group allows; null where it sets no limit. */
  readonly memoryLimitBytes: number | null
  readonly cpuLimitCores: number | null
  /** Empty: none found. Null: there was no way to look. */
  readonly gpus: readonly GpuInfo[] | null
}
