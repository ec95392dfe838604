import type { Model } from './model.js'
import type { Camera } from './projection.js'

/** What one picture of the city takes. Levels are 0 to 1 for each cell. */
export interface CityPicture {
  readonly model: Model
  readonly levels: Float32Array
  readonly colours: readonly string[]
  readonly camera: Camera
  /** Canvas pixels of a CSS pixel. */
  readonly density: number
  /** Light spills over around hot cells, as it does at night. */
  readonly glows: boolean
}

/** The cells alone, on nothing; and the same small, for the glow. Kept, because every frame of a fade needs them. */
let layer: HTMLCanvasElement | undefined
let small: HTMLCanvasElement | undefined

/** Draws the cells over the ground. The glow lies below them, so a cell always has exactly its colour of the legend. */
export function paintCity(context: CanvasRenderingContext2D, picture: CityPicture): void {
  if (!picture.glows) {
    paintCells(context, picture)
    return
  }
  layer ??= document.createElement('canvas')
  layer.width = context.canvas.width
  layer.height = context.canvas.height
  const cells = layer.getContext('2d')
  if (cells === null) return
  paintCells(cells, picture)
  glow(context, layer)
  context.drawImage(layer, 0, 0)
}

/** Fills every cell that ever had a pickup, coolest first, so that where rounding makes cells overlap the hotter one shows. */
function paintCells(context: CanvasRenderingContext2D, picture: CityPicture): void {
  const { model, levels, colours, camera, density } = picture
  const k = camera.scale * density
  const [ox, oy] = [camera.x * k, camera.y * k]
  const { width, height } = context.canvas
  for (const [colour, cells] of byColour(levels, colours.length).entries()) {
    if (cells.length === 0) continue
    context.fillStyle = colours[colour]!
    for (const cell of cells) {
      const left = Math.round(model.west[cell]! * k - ox)
      const top = Math.round(model.north[cell]! * k - oy)
      const right = Math.max(left + 1, Math.round(model.east[cell]! * k - ox))
      const bottom = Math.max(top + 1, Math.round(model.south[cell]! * k - oy))
      if (right < 0 || bottom < 0 || left > width || top > height) continue
      context.fillRect(left, top, right - left, bottom - top)
    }
  }
}

/** A blur that every browser has: drawn small, drawn large again, and added as light. */
function glow(context: CanvasRenderingContext2D, cells: HTMLCanvasElement): void {
  const { width, height } = cells
  small ??= document.createElement('canvas')
  for (const [divisor, strength] of [
    [8, 0.45],
    [28, 0.4],
  ] as const) {
    small.width = Math.max(1, Math.round(width / divisor))
    small.height = Math.max(1, Math.round(height / divisor))
    const reduced = small.getContext('2d')
    if (reduced === null) return
    reduced.imageSmoothingQuality = 'high'
    reduced.drawImage(cells, 0, 0, small.width, small.height)
    context.save()
    context.imageSmoothingQuality = 'high'
    context.globalCompositeOperation = 'screen'
    context.globalAlpha = strength
    context.drawImage(small, 0, 0, width, height)
    context.restore()
  }
}

function byColour(levels: Float32Array, colours: number): readonly number[][] {
  const groups: number[][] = Array.from({ length: colours }, () => [])
  levels.forEach((level, cell) => {
    groups[Math.round(level * (colours - 1))]!.push(cell)
  })
  return groups
}
