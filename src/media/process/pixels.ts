import type { NumberArray } from '../request.js'

const WHITE = 255

/**
 * Pixels as bytes: integers as they are, floats from 0..1 to 0..255, all rounded and clamped; NaN is 0. Whole numbers
 * beyond 1 cannot be meant as floats of 0 to 1: an array of plain numbers that has them, and nothing between whole
 * numbers, is 0 to 255 too.
 */
export function toBytes(pixels: NumberArray): Uint8ClampedArray {
  // A clamped array rounds, clamps and turns NaN to 0 as it is filled.
  if (isInteger(pixels)) return new Uint8ClampedArray(pixels)
  const bytes = new Uint8ClampedArray(pixels.length)
  for (let i = 0; i < pixels.length; i++) bytes[i] = pixels[i]! * WHITE
  return bytes
}

function isInteger(pixels: NumberArray): boolean {
  if (!pixels[Symbol.toStringTag].startsWith('Float')) return true
  let greatest = 0
  for (let i = 0; i < pixels.length; i++) {
    const pixel = pixels[i]!
    if (Number.isInteger(pixel)) greatest = Math.max(greatest, pixel)
    else if (Number.isFinite(pixel)) return false
  }
  return greatest > 1
}
