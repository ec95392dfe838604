/** Web Mercator in units of the world's width, and the camera that puts a part of it on the canvas. */

export const projectX = (longitude: number): number => (longitude + 180) / 360

export function projectY(latitude: number): number {
  const sine = Math.sin((latitude * Math.PI) / 180)
  return 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)
}

export interface Extent {
  readonly west: number
  readonly east: number
  readonly north: number
  readonly south: number
}

/** CSS pixels on the canvas = (projected - origin) * scale. */
export interface Camera {
  readonly scale: number
  readonly x: number
  readonly y: number
}

export interface Frame {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/** The camera that shows the whole extent in the middle of the frame. */
export function cameraOf(extent: Extent, frame: Frame): Camera {
  const scale = Math.min(frame.width / (extent.east - extent.west), frame.height / (extent.south - extent.north))
  return {
    scale,
    x: (extent.east + extent.west) / 2 - (frame.left + frame.width / 2) / scale,
    y: (extent.north + extent.south) / 2 - (frame.top + frame.height / 2) / scale,
  }
}

/** Zooms by a factor and keeps the point at (px, py) where it is. */
export function zoomAt(camera: Camera, factor: number, px: number, py: number): Camera {
  const scale = camera.scale * factor
  return { scale, x: camera.x + px / camera.scale - px / scale, y: camera.y + py / camera.scale - py / scale }
}

export function pan(camera: Camera, dx: number, dy: number): Camera {
  return { ...camera, x: camera.x - dx / camera.scale, y: camera.y - dy / camera.scale }
}

/** Pixels of a kilometre at a latitude. */
export function pixelsPerKilometre(scale: number, latitude: number): number {
  return scale / (40_075.017 * Math.cos((latitude * Math.PI) / 180))
}
