/**
 * The map's palette: from indigo dusk through ember to lamplight, even to the eye. It is a curve in OKLab (Ottosson
 * 2020) that is walked in steps of equal length, so equal steps in level look equally different, and lightness only
 * ever rises. Dark pages use it as it is; light pages from the other end, so that more is always farther from the page.
 */

export type Rgb = readonly [red: number, green: number, blue: number]
type Lab = readonly [lightness: number, a: number, b: number]

/** Lightness, chroma, hue in degrees. */
const stops: readonly (readonly [number, number, number])[] = [
  [0.34, 0.085, 285],
  [0.45, 0.115, 330],
  [0.59, 0.15, 28],
  [0.74, 0.15, 62],
  [0.88, 0.125, 88],
  [0.97, 0.045, 100],
]

/** The palette in `size` colours, darkest first. */
export function palette(size: number): readonly Rgb[] {
  const curve = smoothCurve(stops.map(labOfLch), 64)
  const lengths = [0]
  for (let i = 1; i < curve.length; i++) lengths.push(lengths[i - 1]! + labDistance(curve[i - 1]!, curve[i]!))
  const total = lengths[lengths.length - 1]!
  const colours: Rgb[] = []
  let at = 1
  for (let i = 0; i < size; i++) {
    const target = (total * i) / Math.max(1, size - 1)
    while (at < curve.length - 1 && lengths[at]! < target) at++
    const share = (target - lengths[at - 1]!) / (lengths[at]! - lengths[at - 1]!)
    colours.push(rgbOfLab(mix(curve[at - 1]!, curve[at]!, Math.min(1, share))))
  }
  return colours
}

export function labDistance(left: Lab, right: Lab): number {
  return Math.hypot(left[0] - right[0], left[1] - right[1], left[2] - right[2])
}

export function labOfRgb(rgb: Rgb): Lab {
  const [r, g, b] = rgb.map((value) => {
    const share = value / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  }) as [number, number, number] // map keeps the length
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ]
}

function rgbOfLab([lightness, a, b]: Lab): Rgb {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3
  return [
    gamma(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    gamma(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    gamma(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ]
}

function gamma(linear: number): number {
  const share = Math.min(1, Math.max(0, linear))
  return Math.round(255 * (share <= 0.0031308 ? 12.92 * share : 1.055 * share ** (1 / 2.4) - 0.055))
}

function labOfLch([lightness, chroma, hue]: readonly [number, number, number]): Lab {
  const angle = (hue * Math.PI) / 180
  return [lightness, chroma * Math.cos(angle), chroma * Math.sin(angle)]
}

function mix(left: Lab, right: Lab, share: number): Lab {
  return [
    left[0] + (right[0] - left[0]) * share,
    left[1] + (right[1] - left[1]) * share,
    left[2] + (right[2] - left[2]) * share,
  ]
}

/** Catmull-Rom through all points. */
function smoothCurve(points: readonly Lab[], stepsBetween: number): Lab[] {
  const curve: Lab[] = []
  for (let i = 0; i < points.length - 1; i++) {
    const [p0, p1, p2, p3] = [points[Math.max(0, i - 1)]!, points[i]!, points[i + 1]!, points[i + 2] ?? points[i + 1]!]
    for (let step = 0; step < stepsBetween; step++) {
      const t = step / stepsBetween
      const at = (axis: 0 | 1 | 2) =>
        0.5 *
        (2 * p1[axis] +
          (p2[axis] - p0[axis]) * t +
          (2 * p0[axis] - 5 * p1[axis] + 4 * p2[axis] - p3[axis]) * t ** 2 +
          (3 * p1[axis] - p0[axis] - 3 * p2[axis] + p3[axis]) * t ** 3)
      curve.push([at(0), at(1), at(2)])
    }
  }
  curve.push(points[points.length - 1]!)
  return curve
}
