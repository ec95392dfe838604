import { byId, grouped, onThemeChange } from './dom.js'
import type { Model } from './model.js'
import { maximumOf, ramp } from './scale.js'
import type { Store } from './store.js'

/** The ramp with its numbers. It changes only between single hours and all hours together. */
export function createLegend(model: Model, store: Store): void {
  const legend = byId('legend')
  if (model.all.maximum === 0) return
  legend.hidden = false
  const colours = () => {
    const dark = matchMedia('(prefers-color-scheme: dark)').matches
    const stops = ramp(32, dark).map(([r, g, b]) => `rgb(${r} ${g} ${b})`)
    byId('legend-ramp').style.background = `linear-gradient(to right, ${stops.join(', ')})`
  }
  const numbers = () => {
    const { all } = store.get()
    const per = model.hoursPerStep === 1 ? ' and hour' : ' and step'
    byId('legend-title').textContent = `Pickups per cell${all ? ', all hours' : per}, log scale`
    byId('legend-ticks').replaceChildren(...ticks(maximumOf(model, store.get())))
  }
  colours()
  numbers()
  onThemeChange(colours)
  store.subscribe((now, before) => {
    if (now.all !== before.all) numbers()
  })
}

function ticks(maximum: number): HTMLElement[] {
  const crowded = (String(maximum).length * 9 + 12) / byId('legend').offsetWidth
  const place = (value: number) => (maximum <= 1 ? 1 : Math.log(value) / Math.log(maximum))
  const values: number[] = []
  for (let power = 1; power <= maximum; power *= 10) values.push(power, power * 2, power * 5)
  const kept: number[] = []
  for (const value of values) {
    const isFree = kept.length === 0 || place(value) - place(kept[kept.length - 1]!) >= crowded
    if (value < maximum && 1 - place(value) >= crowded && isFree) kept.push(value)
  }
  return [...kept, maximum].map((value) => {
    const tick = document.createElement('span')
    tick.textContent = grouped(value)
    tick.style.left = `${(place(value) * 100).toFixed(2)}%`
    return tick
  })
}
