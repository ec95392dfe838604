import { palette, type Rgb } from '../shared/palette.js'
import type { Model } from './model.js'
import type { Choice } from './store.js'

/** The share of the levels that fades from the street's tone (no pickup in this view) to the palette's first colour. */
export const faint = 0.1

const colours = 256

/** The share of the palette next to the page's ground, too like it to be seen. */
const nearGround = { dark: 0.06, light: 0.11 }

/** Logarithmic: 0 for none, `faint` for one pickup, 1 for the maximum. */
export function levelOf(count: number, maximum: number): number {
  if (count <= 0) return 0
  return faint + (1 - faint) * (maximum <= 1 ? 1 : Math.log(count) / Math.log(maximum))
}

/** The top of the scale: the same for all hours, so that they compare; all hours together have their own. */
export function maximumOf(model: Model, choice: Choice): number {
  return choice.all ? model.all.maximum : model.stepMaximum
}

/** The palette in the direction of the page: away from its ground. */
export function ramp(size: number, dark: boolean): readonly Rgb[] {
  const whole = palette(Math.round(size / (1 - (dark ? nearGround.dark : nearGround.light))))
  return (dark ? whole : whole.toReversed()).slice(-size)
}

/** A colour for each of 256 levels, from the street's tone through the ramp. */
export function colourTable(street: Rgb, dark: boolean): readonly string[] {
  const first = Math.round(faint * (colours - 1))
  const upper = ramp(colours - first, dark)
  const table: string[] = []
  for (let i = 0; i < colours; i++) {
    const share = Math.min(1, i / first)
    const [r, g, b] = i < first ? mixed(street, upper[0]!, share) : upper[i - first]!
    table.push(`rgb(${r},${g},${b})`)
  }
  return table
}

export function rgbOfHex(hex: string): Rgb {
  const value = Number.parseInt(hex.slice(1), 16)
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255]
}

function mixed(left: Rgb, right: Rgb, share: number): Rgb {
  const at = (i: 0 | 1 | 2) => Math.round(left[i] + (right[i] - left[i]) * share)
  return [at(0), at(1), at(2)]
}
