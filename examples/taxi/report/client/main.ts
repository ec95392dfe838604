import type { Payload } from '../shared/payload.js'
import { createChart } from './chart.js'
import { createControls } from './controls.js'
import { byId } from './dom.js'
import { createLegend } from './legend.js'
import { createMap } from './map.js'
import { modelOf } from './model.js'
import { createRhythm } from './rhythm.js'
import { createStore } from './store.js'
import { createTip } from './tip.js'

const payload = JSON.parse(byId('data').textContent ?? '') as Payload // page.ts wrote it
const model = modelOf(payload.cells)
const store = createStore({ step: 0, all: true, cell: undefined, playing: false })
const map = createMap(model, store)
createTip(model, store, map)
createLegend(model, store)
createControls(model, store, map)
createRhythm(model, store)
createChart(payload.airports, model, store)

for (const button of document.querySelectorAll<HTMLElement>('button[data-cell]')) {
  const start = Number(button.dataset['start'])
  const geohash = button.dataset['cell'] ?? ''
  const cell = model.geohashes.findIndex((known) => geohash.startsWith(known))
  const step = model.starts.findLastIndex((startMs) => startMs <= start)
  button.toggleAttribute('disabled', cell < 0 || step < 0)
  button.addEventListener('click', () => {
    map.reset()
    store.set({ step, cell, all: false, playing: false })
    byId('city').focus({ preventScroll: true })
    byId('stage').scrollIntoView({ block: 'center' })
  })
}
// Says to whoever drives the page (a test, the picture's maker) that everything is drawn.
document.documentElement.dataset['ready'] = 'yes'
