import type { MeshValue } from '../../../record/media.js'
import type { LoadedMedia } from './load.js'
import { madeFile } from './made-file.js'

/** Of OBJ's colours, which are from 0 to 1. */
const COLOR_DIGITS = 6

/** Points as W&B has them: a file of points, or one of the format OBJ where there are triangles. */
export function meshFile(key: string, value: () => MeshValue): LoadedMedia {
  const hasFaces = (value().faces?.length ?? 0) > 0
  return madeFile({
    directory: 'object3D',
    key,
    extension: hasFaces ? 'obj' : 'pts.json',
    about: { _type: 'object3D-file' },
    make: () => Buffer.from(hasFaces ? objText(value()) : pointsText(value()), 'utf8'),
  })
}

/** A list of [x, y, z], or of [x, y, z, r, g, b]. */
function pointsText({ vertices, colors }: MeshValue): string {
  const points = triples(vertices)
  const shades = colors === undefined ? undefined : triples(colors)
  return JSON.stringify(points.map((point, index) => [...point, ...(shades?.[index] ?? [])]))
}

/** https://en.wikipedia.org/wiki/Wavefront_.obj_file: vertices with their colours, and triangles that count from 1. */
function objText({ vertices, faces = [], colors }: MeshValue): string {
  const shades = colors === undefined ? undefined : triples(colors)
  const points = triples(vertices).map((point, index) => {
    const shade = shades?.[index]?.map((part) => Number((part / 255).toFixed(COLOR_DIGITS))) ?? []
    return `v ${[...point, ...shade].join(' ')}`
  })
  const triangles = triples(faces).map((face) => `f ${face.map((vertex) => vertex + 1).join(' ')}`)
  return `${[...points, ...triangles].join('\n')}\n`
}

function triples(values: readonly number[]): number[][] {
  return Array.from({ length: values.length / 3 }, (_, index) => values.slice(3 * index, 3 * index + 3))
}
