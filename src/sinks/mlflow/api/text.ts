/**
 * Text as every MLflow server keeps it. Half of a surrogate pair makes its JSON parser drop the rest of the request, and
 * answer 200 all the same; PostgreSQL has no NUL. Both become U+FFFD, so that the length stays.
 */
export const sendable = (text: string): string => text.toWellFormed().replaceAll('\0', '\uFFFD')

/** For JSON.stringify(). */
export const sendableValue = (_key: string, value: unknown): unknown =>
  typeof value === 'string' ? sendable(value) : value
