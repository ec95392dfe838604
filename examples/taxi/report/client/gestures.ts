import type { CityMap } from './map.js'
import type { Store } from './store.js'

const mouseReach = 3
const touchReach = 14

/**
 * Mouse: hovering shows a cell, dragging pans, the wheel with Ctrl or Cmd zooms (without, it scrolls the page), a double
 * click zooms in. Touch: a tap shows a cell, two fingers zoom, one pans once zoomed in (before, it scrolls the page).
 */
export function bindGestures(canvas: HTMLCanvasElement, map: CityMap, store: Store): void {
  const pointers = new Map<number, { x: number; y: number }>()
  let travelled = 0
  let hovered: number | undefined

  const show = (cell: number | undefined) => {
    if (cell === undefined && store.get().cell !== hovered) return
    hovered = cell
    if (store.get().cell !== cell) store.set({ cell })
  }

  canvas.addEventListener('pointerdown', (event) => {
    pointers.set(event.pointerId, { x: event.offsetX, y: event.offsetY })
    travelled = 0
    canvas.setPointerCapture(event.pointerId)
  })
  canvas.addEventListener('pointermove', (event) => {
    const { offsetX: x, offsetY: y } = event
    const before = pointers.get(event.pointerId)
    if (before === undefined) {
      if (event.pointerType === 'mouse') show(map.cellAt(x, y, mouseReach))
      return
    }
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1]
    pointers.set(event.pointerId, { x, y })
    travelled += Math.hypot(x - before.x, y - before.y)
    if (other === undefined) {
      if (travelled > 4) map.panBy(x - before.x, y - before.y)
      return
    }
    const factor =
      Math.hypot(x - other.x, y - other.y) / Math.max(1, Math.hypot(before.x - other.x, before.y - other.y))
    map.zoomBy(factor, (x + other.x) / 2, (y + other.y) / 2)
    map.panBy((x - before.x) / 2, (y - before.y) / 2)
  })
  const release = (event: PointerEvent) => {
    pointers.delete(event.pointerId)
  }
  canvas.addEventListener('pointerup', (event) => {
    if (travelled <= 4 && pointers.size === 1 && event.pointerType !== 'mouse') {
      const cell = map.cellAt(event.offsetX, event.offsetY, touchReach)
      hovered = cell
      store.set({ cell })
    }
    release(event)
  })
  canvas.addEventListener('pointercancel', release)
  canvas.addEventListener('pointerleave', (event) => {
    if (event.pointerType === 'mouse') show(undefined)
  })
  canvas.addEventListener('dblclick', (event) => map.zoomBy(2, event.offsetX, event.offsetY))
  canvas.addEventListener(
    'wheel',
    (event) => {
      if (!event.ctrlKey && !event.metaKey) return
      event.preventDefault()
      map.zoomBy(Math.exp(-event.deltaY * 0.01), event.offsetX, event.offsetY)
    },
    { passive: false },
  )
}
