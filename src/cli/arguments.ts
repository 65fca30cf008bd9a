/** How commander is to read the values of options. */
import { InvalidArgumentError } from 'commander'

/** An option that may be repeated, and takes names with commas between; a comma in quotes is part of a name. */
export function collectNames(value: string, before: readonly string[] = []): string[] {
  const names = value.match(/(?:"[^"]*"|'[^']*'|[^,"'])+/g) ?? []
  return [...before, ...names.map((name) => name.trim()).filter((name) => name !== '')]
}

export function wholeNumber(value: string): number {
  const number = Number(value)
  if (value.trim() === '' || !Number.isSafeInteger(number) || number < 1) {
    throw new InvalidArgumentError('Give a whole number, 1 or more.')
  }
  return number
}
