import { paintCity } from './city.js'
import { byId, customProperty, onThemeChange, prefersReducedMotion } from './dom.js'
import { extentOfPickups } from './extent.js'
import { bindGestures } from './gestures.js'
import type { Model } from './model.js'
import { paintOverlay } from './overlay.js'
import { type Camera, cameraOf, type Frame, pan, zoomAt } from './projection.js'
import { colourTable, levelOf, maximumOf, rgbOfHex } from './scale.js'
import type { Choice, Store } from './store.js'

const fadeMs = 280
const maximumZoom = 40

export interface CityMap {
  /** The cell at a point of the canvas, or the nearest with pickups within `reach` CSS pixels. */
  readonly cellAt: (x: number, y: number, reach: number) => number | undefined
  /** The middle of a cell on the canvas, in CSS pixels. */
  readonly placeOf: (cell: number) => { readonly x: number; readonly y: number }
  readonly zoomBy: (factor: number, x?: number, y?: number) => void
  readonly panBy: (dx: number, dy: number) => void
  readonly reset: () => void
  /** Moves the camera only as far as it must to bring the cell into sight. */
  readonly reveal: (cell: number) => void
  readonly onMove: (listener: () => void) => void
}

/** The canvas: follows the store, fades from hour to hour, and keeps its camera. */
export function createMap(model: Model, store: Store): CityMap {
  const canvas = byId<HTMLCanvasElement>('city')
  const stage = byId('stage')
  const context = canvas.getContext('2d', { alpha: false })
  if (context === null) throw new Error('this browser has no 2d canvas')
  const dark = matchMedia('(prefers-color-scheme: dark)')
  const listeners: (() => void)[] = []
  const extent = extentOfPickups(model)
  let size = { width: 0, height: 0, density: 1 }
  let home: Camera = { scale: 1, x: 0, y: 0 }
  let camera = home
  let colours = tableOfTheme()
  let levels = levelsOf(store.get())
  let frame = 0

  function tableOfTheme(): readonly string[] {
    return colourTable(rgbOfHex(customProperty('--street')), dark.matches)
  }

  function levelsOf(choice: Choice): Float32Array {
    const view = choice.all ? model.all : model.views[choice.step]
    const maximum = maximumOf(model, choice)
    return Float32Array.from(model.geohashes, (_, cell) => levelOf(view?.counts[cell] ?? 0, maximum))
  }

  function paint(): void {
    const { width, height, density } = size
    context!.setTransform(1, 0, 0, 1, 0, 0)
    context!.fillStyle = customProperty('--ground')
    context!.fillRect(0, 0, canvas.width, canvas.height)
    paintCity(context!, { model, levels, colours, camera, density, glows: dark.matches })
    context!.setTransform(density, 0, 0, density, 0, 0)
    paintOverlay(context!, camera, { model, cell: store.get().cell, width, height })
  }

  function fadeTo(target: Float32Array): void {
    cancelAnimationFrame(frame)
    if (prefersReducedMotion()) {
      levels = target
      paint()
      return
    }
    const from = levels
    let begun: number | undefined
    const tick = (now: number) => {
      begun ??= now
      const share = Math.min(1, (now - begun) / fadeMs)
      const eased = 1 - (1 - share) ** 2
      levels = share === 1 ? target : target.map((level, cell) => from[cell]! + (level - from[cell]!) * eased)
      paint()
      if (share < 1) frame = requestAnimationFrame(tick)
    }
    frame = requestAnimationFrame(tick)
  }

  function moveTo(next: Camera): void {
    const scale = Math.min(home.scale * maximumZoom, Math.max(home.scale, next.scale))
    camera = scale === home.scale ? home : scale === next.scale ? next : camera
    canvas.classList.toggle('zoomed', camera !== home)
    byId<HTMLButtonElement>('zoom-reset').disabled = camera === home
    paint()
    for (const listener of listeners) listener()
  }

  function resize(): void {
    const density = Math.max(1, Math.min(3, devicePixelRatio))
    const { clientWidth: width, clientHeight: height } = stage
    const zoomed = camera !== home && home.scale > 1
    size = { width, height, density }
    canvas.width = Math.round(width * density)
    canvas.height = Math.round(height * density)
    const before = home
    home = cameraOf(extent, frameOf(width, height))
    if (zoomed) moveTo({ ...camera, scale: (camera.scale / before.scale) * home.scale })
    else moveTo(home)
  }

  store.subscribe((now, before) => {
    if (now.step !== before.step || now.all !== before.all) fadeTo(levelsOf(now))
    else if (now.cell !== before.cell) paint()
  })
  onThemeChange(() => {
    colours = tableOfTheme()
    paint()
  })

  const cellAt: CityMap['cellAt'] = (px, py, reach) => {
    const view = store.get().all ? model.all : model.views[store.get().step]
    const [x, y, limit] = [camera.x + px / camera.scale, camera.y + py / camera.scale, reach / camera.scale]
    let nearest: number | undefined
    let least = limit
    for (let cell = 0; cell < model.geohashes.length; cell++) {
      if ((view?.counts[cell] ?? 0) === 0) continue
      const dx = Math.max(model.west[cell]! - x, x - model.east[cell]!, 0)
      const dy = Math.max(model.north[cell]! - y, y - model.south[cell]!, 0)
      const distance = Math.hypot(dx, dy)
      if (distance > least || (distance === least && nearest !== undefined)) continue
      nearest = cell
      least = distance
    }
    return nearest
  }
  const placeOf: CityMap['placeOf'] = (cell) => ({
    x: ((model.west[cell]! + model.east[cell]!) / 2 - camera.x) * camera.scale,
    y: ((model.north[cell]! + model.south[cell]!) / 2 - camera.y) * camera.scale,
  })
  const map: CityMap = {
    cellAt,
    placeOf,
    zoomBy: (factor, x = size.width / 2, y = size.height / 2) => {
      const most = Math.min(factor, (home.scale * maximumZoom) / camera.scale)
      moveTo(zoomAt(camera, most, x, y))
    },
    panBy: (dx, dy) => {
      if (camera !== home) moveTo(pan(camera, dx, dy))
    },
    reset: () => moveTo(home),
    reveal: (cell) => {
      const { x, y } = placeOf(cell)
      const margin = 24
      const dx = Math.max(0, margin - x) - Math.max(0, x - (size.width - margin))
      const dy = Math.max(0, margin - y) - Math.max(0, y - (size.height - margin))
      if (dx !== 0 || dy !== 0) moveTo(pan(camera, dx, dy))
    },
    onMove: (listener) => {
      listeners.push(listener)
    },
  }
  resize()
  new ResizeObserver(() => {
    if (stage.clientWidth !== size.width || stage.clientHeight !== size.height) resize()
  }).observe(stage)
  bindGestures(canvas, map, store)
  return map
}

/** Where the city goes: beside the heading where that lies over the map, with room for the airports' labels. */
function frameOf(width: number, height: number): Frame {
  const head = byId('head').getBoundingClientRect()
  const covered = head.bottom > byId('stage').getBoundingClientRect().top ? head.width : 0
  const margin = width < 600 ? 14 : 34
  return { left: covered + margin, top: margin, width: width - covered - 2 * margin, height: height - 2 * margin }
}
