/** The files of a run that grow by lines. */
export const STREAMED_FILES = {
  history: 'wandb-history.jsonl',
  events: 'wandb-events.jsonl',
  console: 'output.log',
} as const

export type StreamedFile = keyof typeof STREAMED_FILES

/** Per file, a number of lines: where the next one goes. The client owns the numbers. */
export type LineCounts = { readonly [File in StreamedFile]: number }

export const NO_LINES: LineCounts = { history: 0, events: 0, console: 0 }

export interface StreamedLines {
  /** The number of the first line, from 0. */
  readonly offset: number
  /** Lines, each as a JSON string with its quotes. */
  readonly content: readonly string[]
}

export interface StreamRequest {
  readonly lines?: { readonly [File in StreamedFile]?: StreamedLines }
  /** The whole summary, JSON. */
  readonly summary?: string | undefined
  /** Names of files that are there now. */
  readonly uploaded?: readonly string[]
  /** The run has ended, with this exit code. */
  readonly exitCode?: number
}

/** Put together by hand: the lines are JSON strings already, and there are many. */
export function bodyOf({ lines = {}, summary, uploaded = [], exitCode }: StreamRequest): string {
  const files = Object.entries(lines).map(
    ([file, { offset, content }]) =>
      `"${STREAMED_FILES[file as StreamedFile]}":{"offset":${offset},"content":[${content.join(',')}]}`,
  )
  if (summary !== undefined) {
    files.push(`"wandb-summary.json":{"offset":0,"content":[${JSON.stringify(summary)}]}`)
  }
  const fields: string[] = []
  if (files.length > 0) fields.push(`"files":{${files.join(',')}}`)
  if (uploaded.length > 0) fields.push(`"uploaded":${JSON.stringify(uploaded)}`)
  if (exitCode !== undefined) fields.push(`"complete":true,"exitcode":${exitCode}`)
  return `{${fields.join(',')}}`
}
