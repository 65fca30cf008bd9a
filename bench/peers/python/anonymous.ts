/** Without the hosts and paths of the machine that it was said on: the sentence goes into a report. */
export const anonymous = (line: string): string =>
  line
    .replace(/\w+:\/\/\S+|host='[^']*'/g, 'the package index')
    .replace(/(?<=^|[\s'"(=])\/[^\s'":,)]+/g, 'a file')

/** What a program that failed said last. */
export const lastLine = (text: string): string => anonymous(text.trim().split('\n').at(-1) ?? '').trim()
