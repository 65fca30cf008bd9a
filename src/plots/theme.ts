import type { Config } from 'vega-lite'
import type { Split } from './names.js'

export const THEMES = ['light', 'dark'] as const
export type ThemeName = (typeof THEMES)[number]

export interface Theme {
  readonly name: ThemeName
  readonly background: string
  readonly text: string
  readonly muted: string
  readonly grid: string
  /** For what is wrong: NaN, infinities. */
  readonly alert: string
  /** Told apart also by people who see few colours (after Okabe and Ito). */
  readonly palette: readonly string[]
  /** For counts, from few to many. */
  readonly scheme: string
}

/** With what has the same widths, for a browser that shows an SVG and has not the first. */
export const FONT = 'DejaVu Sans, Verdana, sans-serif'

const LIGHT: Theme = {
  name: 'light',
  background: '#ffffff',
  text: '#1f2328',
  muted: '#59636e',
  grid: '#e4e7eb',
  alert: '#c81e1e',
  palette: ['#0072b2', '#d55e00', '#009e73', '#b0539a', '#b58900', '#2f9fd8', '#6b4fbb', '#5f6b76'],
  scheme: 'blues',
}

const DARK: Theme = {
  name: 'dark',
  background: '#14171c',
  text: '#e6e9ed',
  muted: '#9aa4b0',
  grid: '#2b313a',
  alert: '#ff6b6b',
  palette: ['#56b4e9', '#f59a42', '#2fc99a', '#e08ac4', '#f0e442', '#8fa8ff', '#c9a0ff', '#b3bcc6'],
  scheme: 'viridis',
}

export const themeOf = (name: ThemeName): Theme => (name === 'dark' ? DARK : LIGHT)

const SPLITS: readonly Split[] = ['train', 'validation', 'test']

/** The same split has the same colour in every plot. */
export const splitColor = ({ palette }: Theme, split: Split): string => palette[SPLITS.indexOf(split)]!

/** Colours repeat where there are more lines than colours. */
export const colorAt = ({ palette }: Theme, index: number): string => palette[index % palette.length]!

/** Whole numbers short (`20k`), small ones in full, and very small ones with an exponent. */
export const NUMBER_LABEL =
  "abs(datum.value) >= 10000 ? replace(format(datum.value, '~s'), 'G', 'B') : format(datum.value, ',.6~g')"

export function configOf(theme: Theme): Config {
  const { text, muted, grid, background } = theme
  return {
    background,
    font: FONT,
    padding: 20,
    view: { stroke: null },
    title: {
      anchor: 'start',
      color: text,
      fontSize: 18,
      fontWeight: 'bold',
      offset: 14,
      subtitleColor: muted,
      subtitleFontSize: 12,
      subtitleLineHeight: 17,
      subtitlePadding: 6,
    },
    axis: {
      labelColor: muted,
      titleColor: text,
      labelFontSize: 11,
      titleFontSize: 12,
      titleFontWeight: 'normal',
      titlePadding: 10,
      labelPadding: 6,
      gridColor: grid,
      domainColor: grid,
      ticks: false,
      labelOverlap: 'greedy',
      labelSeparation: 8,
    },
    axisQuantitative: { labelExpr: NUMBER_LABEL },
    axisX: { grid: false, domainColor: muted, labelFlush: false, tickCount: 8 },
    axisY: { domain: false, tickCount: 6 },
    legend: {
      labelColor: text,
      titleColor: muted,
      labelFontSize: 12,
      titleFontSize: 12,
      titleFontWeight: 'normal',
      labelLimit: 260,
      symbolType: 'stroke',
      symbolStrokeWidth: 3,
      symbolOpacity: 1,
      orient: 'top',
      direction: 'horizontal',
      columnPadding: 18,
      offset: 8,
    },
    header: {
      labelColor: text,
      titleColor: text,
      labelFontSize: 12,
      labelFontWeight: 'bold',
      labelLimit: 250,
    },
    line: { strokeJoin: 'round', strokeCap: 'round' },
  }
}
