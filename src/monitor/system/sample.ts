/** Values of one moment, by the names that W&B has for them (without `system.`). */
export type Sample = Record<string, number>

export const MIB = 2 ** 20
export const GIB = 2 ** 30

/** To two decimals. */
export const percent = (part: number, whole: number): number => Math.round((part / whole) * 10_000) / 100
