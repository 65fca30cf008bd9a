import type { Layer } from '../../../../src/plots/specs/types.js'
import type { Theme } from '../../../../src/plots/theme.js'
import { wrapped } from './wrap.js'

/** A line's name beside its end, in place of a legend that the eye must go to and fro to. */
export interface EndLabel {
  readonly text: string
  readonly color: string
  readonly bold: boolean
  /** Pixels from the upper edge where the line ends. */
  readonly y: number
}

const LINE_HEIGHT = 15
/** Between labels; the lines of one are closer. */
const GAP = 3
const LEAD = 14
const TEXT_AT = 18
/** Characters. */
const LONGEST = 36

/** Height of a chart in which all labels have room. */
export const heightFor = (labels: number, least: number): number =>
  Math.max(least, labels * (LINE_HEIGHT + GAP))

/** To the right of a chart, none over another; a thread leads from the line to its label. */
export function endLabels(labels: readonly EndLabel[], width: number, height: number, theme: Theme): Layer[] {
  const texts = labels.map(({ text }) => wrapped(text, LONGEST))
  const wanted = labels.map(({ y }, index) => ({ at: y, size: LINE_HEIGHT * texts[index]!.length + GAP }))
  const places = spread(wanted, height)
  return labels.flatMap(({ color, bold, y }, index) => {
    const at = places[index]!
    // Vega centres the first line of several.
    const firstLine = at - (LINE_HEIGHT * (texts[index]!.length - 1)) / 2
    const thread = {
      data: { values: [{}] },
      mark: { type: 'rule', color, opacity: 0.6, strokeWidth: 1, clip: false },
      encoding: { x: { value: width + 3 }, x2: { value: width + LEAD }, y: { value: y }, y2: { value: at } },
    }
    const name = {
      data: { values: [{}] },
      mark: {
        type: 'text',
        align: 'left',
        baseline: 'middle',
        fontSize: 12,
        lineHeight: LINE_HEIGHT,
        fontWeight: bold ? 'bold' : 'normal',
        clip: false,
      },
      encoding: {
        x: { value: width + TEXT_AT },
        y: { value: firstLine },
        text: { value: texts[index]! },
        color: { value: bold ? color : theme.text },
      },
    }
    return [thread, name] as unknown as Layer[]
  })
}

/** The middle of where something would like to be, and the room that it takes. */
interface Wish {
  readonly at: number
  readonly size: number
}

/**
 * Middles of what does not overlap and is within 0 to `height`, as near as can be to what is wished: neighbours that would
 * overlap form a block around the mean of their wishes (pool adjacent violators).
 */
export function spread(wishes: readonly Wish[], height: number): number[] {
  const order = wishes.map((_, index) => index).sort((a, b) => wishes[a]!.at - wishes[b]!.at)
  const blocks: { sum: number; count: number }[] = []
  // Of the middle of each, below that of the first.
  const offsets: number[] = []
  for (const [rank, index] of order.entries()) {
    const { at, size } = wishes[index]!
    const previous = order[rank - 1]
    offsets[rank] = previous === undefined ? 0 : offsets[rank - 1]! + (wishes[previous]!.size + size) / 2
    let block = { sum: at - offsets[rank], count: 1 }
    for (let last = blocks.at(-1); last !== undefined && mean(last) > mean(block); last = blocks.at(-1)) {
      block = { sum: block.sum + last.sum, count: block.count + last.count }
      blocks.pop()
    }
    blocks.push(block)
  }
  const highest = Math.max(0, height - (offsets.at(-1) ?? 0))
  const starts = blocks.flatMap((block) =>
    Array<number>(block.count).fill(Math.min(highest, Math.max(0, mean(block)))),
  )
  const places: number[] = []
  for (const [rank, index] of order.entries()) places[index] = starts[rank]! + offsets[rank]!
  return places
}

const mean = ({ sum, count }: { sum: number; count: number }): number => sum / count
