import type { MeshValue } from '../../record/media.js'
import { MediaError, type MediaInputs, type NumberArray, type ProcessedMedia } from '../request.js'
import { describe, isRecord, numbers, requireNumbers } from './checks.js'
import { asJson } from './json.js'

/** Checks points, triangles and colours against each other. */
export function processMesh(input: MediaInputs['mesh']): ProcessedMedia<'mesh'> {
  const vertices = requireTriples(input.vertices, 'the vertices', 'x, y, z of each point')
  if (vertices.length === 0) throw new MediaError('it has no vertices: give x, y, z of at least one point')
  const wrong = vertices.findIndex((value: number) => !Number.isFinite(value))
  if (wrong >= 0) throw new MediaError(`vertices[${wrong}] is ${vertices[wrong]}: give finite coordinates`)
  return {
    value: {
      vertices: Array.from(vertices),
      ...(input.faces === undefined ? {} : { faces: facesOf(input.faces, vertices.length / 3) }),
      ...(input.colors === undefined ? {} : { colors: colorsOf(input.colors, vertices) }),
      ...(input.config === undefined || input.config === null ? {} : { config: configOf(input.config) }),
    },
  }
}

function requireTriples(value: unknown, what: string, triple: string): NumberArray {
  const list = requireNumbers(value, what)
  if (list.length % 3 === 0) return list
  throw new MediaError(`${what} are ${numbers(list)}, which 3 does not divide: give ${triple}`)
}

function facesOf(value: unknown, points: number): number[] {
  const faces = requireTriples(value, 'the faces', 'three indexes of vertices per triangle')
  const wrong = faces.findIndex((face: number) => !(Number.isInteger(face) && face >= 0 && face < points))
  if (wrong < 0) return Array.from(faces)
  throw new MediaError(
    `faces[${wrong}] is ${faces[wrong]} and there are ${points} vertices: give indexes from 0 to ${points - 1}`,
  )
}

/** A clamped array rounds, clamps and turns NaN to 0. */
function colorsOf(value: unknown, vertices: NumberArray): number[] {
  const colors = requireNumbers(value, 'the colors')
  if (colors.length === vertices.length) return Array.from(new Uint8ClampedArray(colors))
  throw new MediaError(
    `the colors are ${numbers(colors)} and the vertices ${numbers(vertices)}: give r, g, b of each vertex`,
  )
}

function configOf(config: unknown): NonNullable<MeshValue['config']> {
  if (isRecord(config)) return asJson(config, 'the config') as NonNullable<MeshValue['config']>
  throw new MediaError(`the config is ${describe(config)}: give an object with camera, lights or material`)
}
