/** Numbers that JSON has no form for, by what records have in their place. */
export const NON_FINITE = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
} as const

export const isNonFiniteName = (value: unknown): value is keyof typeof NON_FINITE =>
  typeof value === 'string' && Object.hasOwn(NON_FINITE, value)
