import type { CustomScalarsValue } from '../../record/media.js'
import { MediaError, type MediaInputs, type ProcessedMedia } from '../request.js'
import { describe, isRecord } from './checks.js'

type Category = CustomScalarsValue['categories'][number]
type Chart = Category['charts'][number]
type Margin = NonNullable<Chart['margins']>[number]

/** Checks a layout, and keeps of it what TensorBoard knows. */
export function processCustomScalars({
  layout,
}: MediaInputs['custom-scalars']): ProcessedMedia<'custom-scalars'> {
  if (!isRecord(layout)) {
    throw new MediaError(`the layout is ${describe(layout)}: give { categories: [{ title, charts }] }`)
  }
  const categories = listOf(layout.categories, 'categories', '{ title, charts }').map(categoryOf)
  return { value: { categories } }
}

function categoryOf(category: unknown, index: number): Category {
  const at = `categories[${index}]`
  if (!isRecord(category)) throw new MediaError(`${at} is ${describe(category)}: give { title, charts }`)
  const { closed } = category
  if (closed !== undefined && typeof closed !== 'boolean') {
    throw new MediaError(`${at}.closed is ${describe(closed)}: give true or false`)
  }
  const charts = listOf(category.charts, `${at}.charts`, '{ title, tags } or { title, margins }')
  return {
    title: textOf(category.title, `${at}.title`),
    ...(closed === undefined ? {} : { closed }),
    charts: charts.map((chart, i) => chartOf(chart, `${at}.charts[${i}]`)),
  }
}

function chartOf(chart: unknown, at: string): Chart {
  if (!isRecord(chart)) throw new MediaError(`${at} is ${describe(chart)}: give { title, tags }`)
  const title = textOf(chart.title, `${at}.title`)
  const { tags, margins } = chart
  if ((tags === undefined) === (margins === undefined)) {
    const found = tags === undefined ? 'neither tags nor margins' : 'both tags and margins'
    throw new MediaError(`${at} has ${found}: give one of them; two charts can have one each`)
  }
  if (tags !== undefined) {
    const list = listOf(tags, `${at}.tags`, 'regular expressions of tags')
    return { title, tags: list.map((tag, i) => textOf(tag, `${at}.tags[${i}]`)) }
  }
  const list = listOf(margins, `${at}.margins`, '{ value, lower, upper }')
  return { title, margins: list.map((margin, i) => marginOf(margin, `${at}.margins[${i}]`)) }
}

function marginOf(margin: unknown, at: string): Margin {
  if (!isRecord(margin)) throw new MediaError(`${at} is ${describe(margin)}: give { value, lower, upper }`)
  const tag = (field: keyof Margin): string => textOf(margin[field], `${at}.${field}`)
  return { value: tag('value'), lower: tag('lower'), upper: tag('upper') }
}

function listOf(list: unknown, at: string, entry: string): unknown[] {
  if (Array.isArray(list) && list.length > 0) return Array.from(list)
  throw new MediaError(`${at} is ${describe(list)}: give an array of at least one of: ${entry}`)
}

function textOf(text: unknown, at: string): string {
  if (typeof text === 'string' && text !== '') return text
  throw new MediaError(`${at} is ${describe(text)}: give a string of at least one character`)
}
