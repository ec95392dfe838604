import { AIRPORTS } from '../../geo/airports.js'
import { boxContains } from '../../geo/box.js'
import { geohashBounds } from '../../geo/geohash.js'
import { byId, grouped } from './dom.js'
import type { CityMap } from './map.js'
import { type Model, rankOf } from './model.js'
import type { Store } from './store.js'

/** The chosen cell's count and rank, beside the cell; spoken too when it was not the mouse that chose. */
export function createTip(model: Model, store: Store, map: CityMap): void {
  const tip = byId('tip')
  const stage = byId('stage')
  const [count, rank, place] = ['strong', 'span', 'span'].map((name) => document.createElement(name))
  tip.replaceChildren(count!, rank!, place!)

  const write = () => {
    const { cell, all, step, playing } = store.get()
    tip.hidden = cell === undefined
    if (cell === undefined) return
    const view = all ? model.all : model.views[step]!
    const pickups = view.counts[cell]!
    count!.textContent = pickups === 0 ? 'No pickups' : `${grouped(pickups)} ${pickups === 1 ? 'pickup' : 'pickups'}`
    rank!.textContent =
      pickups === 0
        ? 'in this hour, some in others'
        : `rank ${grouped(rankOf(view, cell))} of ${grouped(view.occupied)} cells`
    place!.textContent = placeOf(model.geohashes[cell]!)
    if (!playing && document.activeElement === byId('city')) {
      byId('spoken').textContent = `${count!.textContent}, ${rank!.textContent}, ${place!.textContent}`
    }
    put(cell)
  }
  const put = (cell: number) => {
    const { x, y } = map.placeOf(cell)
    const { offsetWidth: width, offsetHeight: height } = tip
    const left = x + 14 + width > stage.clientWidth - 8 ? x - 14 - width : x + 14
    const top = Math.min(Math.max(8, y - height / 2), stage.clientHeight - height - 8)
    tip.style.transform = `translate(${Math.round(Math.max(8, left))}px, ${Math.round(top)}px)`
  }
  store.subscribe(write)
  map.onMove(write)
}

/** `dr5ru7k, 40.7503, -73.9915`, and the airport if it is one. */
function placeOf(geohash: string): string {
  const { minLatitude, maxLatitude, minLongitude, maxLongitude } = geohashBounds(geohash)
  const [latitude, longitude] = [(minLatitude + maxLatitude) / 2, (minLongitude + maxLongitude) / 2]
  const airport = AIRPORTS.find(({ box }) => boxContains(box, latitude, longitude))
  const words = [geohash, `${latitude.toFixed(4)}, ${longitude.toFixed(4)}`]
  if (airport !== undefined) words.push(airport.code)
  return words.join(' \u00b7 ')
}
