import { AIRPORTS } from '../../geo/airports.js'
import { customProperty } from './dom.js'
import { extentOfBox } from './extent.js'
import type { Model } from './model.js'
import { type Camera, type Extent, pixelsPerKilometre } from './projection.js'

/** Draws in CSS pixels what lies over the city: the airports, the chosen cell, a scale. */
export function paintOverlay(
  context: CanvasRenderingContext2D,
  camera: Camera,
  { model, cell, width, height }: { model: Model; cell: number | undefined; width: number; height: number },
): void {
  const [ink, muted, ground] = [customProperty('--ink'), customProperty('--muted'), customProperty('--ground')]
  const rectangle = (extent: Extent, grow: number) => {
    const x = (extent.west - camera.x) * camera.scale - grow
    const y = (extent.north - camera.y) * camera.scale - grow
    const w = (extent.east - extent.west) * camera.scale + 2 * grow
    const h = (extent.south - extent.north) * camera.scale + 2 * grow
    return { x, y, w, h }
  }
  context.font = `600 12px ${customProperty('--font')}`
  context.lineJoin = 'round'

  for (const airport of AIRPORTS) {
    const { x, y, w, h } = rectangle(extentOfBox(airport.box), 0)
    context.strokeStyle = ink
    context.lineWidth = 1
    context.globalAlpha = 0.75
    context.strokeRect(Math.round(x) + 0.5, Math.round(y) + 0.5, Math.round(w), Math.round(h))
    context.globalAlpha = 1
    context.strokeStyle = ground
    context.lineWidth = 4
    context.strokeText(airport.code, x, y - 6)
    context.fillStyle = ink
    context.fillText(airport.code, x, y - 6)
  }

  if (cell !== undefined) {
    const extent = {
      west: model.west[cell]!,
      east: model.east[cell]!,
      north: model.north[cell]!,
      south: model.south[cell]!,
    }
    const { x, y, w, h } = rectangle(extent, 2.5)
    for (const [line, colour] of [
      [5, ground],
      [2, ink],
    ] as const) {
      context.lineWidth = line
      context.strokeStyle = colour
      context.strokeRect(x, y, w, h)
    }
  }

  const kilometre = pixelsPerKilometre(camera.scale, 40.72)
  const length = [10, 5, 2, 1, 0.5, 0.2, 0.1].find((km) => km * kilometre <= Math.min(120, width / 5)) ?? 0.1
  context.strokeStyle = muted
  context.fillStyle = muted
  context.lineWidth = 1
  context.font = `12px ${customProperty('--font')}`
  const left = width < 600 ? 20.5 : width - 36.5 - length * kilometre
  const bottom = height - (width < 600 ? 8.5 : 28.5)
  context.beginPath()
  context.moveTo(left, bottom - 4)
  context.lineTo(left, bottom)
  context.lineTo(left + length * kilometre, bottom)
  context.lineTo(left + length * kilometre, bottom - 4)
  context.stroke()
  context.fillText(length < 1 ? `${length * 1000} m` : `${length} km`, left, bottom - 9)
}
