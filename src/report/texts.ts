/** `2026-11-20 14:30:05 UTC`: the same wherever a report is made. */
export const utcText = (time: number): string =>
  Number.isFinite(time) ? `${new Date(time).toISOString().slice(0, 19).replace('T', ' ')} UTC` : 'unknown'

/** Those that there are. */
export const joined = (parts: readonly (string | null | undefined | false)[], separator = ', '): string =>
  parts.filter((part) => part !== null && part !== undefined && part !== false && part !== '').join(separator)
