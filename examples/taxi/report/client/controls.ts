import { stepLabel } from '../shared/time.js'
import { byId, grouped } from './dom.js'
import type { CityMap } from './map.js'
import { byRank, type Model } from './model.js'
import type { Store } from './store.js'

const playMs = 900

/** Slider, play, all hours, zoom buttons and keys, and the line that says what is shown. */
export function createControls(model: Model, store: Store, map: CityMap): void {
  const slider = byId<HTMLInputElement>('hour')
  const play = byId('play')
  const all = byId('all')
  const last = model.starts.length - 1
  slider.max = String(Math.max(0, last))
  for (const control of [slider, play, all]) control.toggleAttribute('disabled', last < 0)

  const goTo = (step: number) => store.set({ step: Math.min(last, Math.max(0, step)), all: false, playing: false })
  const stepBy = (by: number) => goTo(store.get().all ? store.get().step : store.get().step + by)

  slider.addEventListener('pointerdown', () => goTo(Number(slider.value)))
  slider.addEventListener('input', () => goTo(Number(slider.value)))
  all.addEventListener('click', () => store.set({ all: !store.get().all, playing: false }))
  byId('zoom-in').addEventListener('click', () => map.zoomBy(1.6))
  byId('zoom-out').addEventListener('click', () => map.zoomBy(1 / 1.6))
  byId('zoom-reset').addEventListener('click', () => map.reset())

  let timer = 0
  const advance = () => {
    const { step, playing } = store.get()
    if (!playing) return
    if (step >= last) {
      store.set({ playing: false })
      return
    }
    store.set({ step: step + 1 })
    timer = window.setTimeout(advance, playMs)
  }
  play.addEventListener('click', () => {
    const { playing, step, all: wasAll } = store.get()
    clearTimeout(timer)
    if (playing) {
      store.set({ playing: false })
      return
    }
    store.set({ playing: true, all: false, step: wasAll || step >= last ? 0 : step })
    timer = window.setTimeout(advance, playMs)
  })

  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || last < 0) return
    const onMap = document.activeElement === byId('city')
    const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
    if (by !== 0 && !(event.target instanceof Element && event.target.closest('.scroll'))) stepBy(by)
    else if (onMap && event.key === 'ArrowDown') walk(model, store, map, 1)
    else if (onMap && event.key === 'ArrowUp') walk(model, store, map, -1)
    else if (onMap && (event.key === '+' || event.key === '=')) map.zoomBy(1.6)
    else if (onMap && event.key === '-') map.zoomBy(1 / 1.6)
    else if (onMap && event.key === '0') map.reset()
    else if (event.key === 'Escape') store.set({ cell: undefined })
    else return
    event.preventDefault()
  })

  const write = () => {
    const { step, all: isAll, playing, cell } = store.get()
    const view = isAll ? model.all : model.views[step]
    const { span, date } = model.starts.length === 0 ? noSteps : stepLabel(model.starts[step]!, model.hoursPerStep)
    byId('now-span').textContent = last < 0 ? 'No pickups' : isAll ? 'All hours' : span
    byId('now-date').textContent = isAll ? periodOf(model) : date
    byId('now-sum').textContent =
      view === undefined ? '' : `${grouped(view.total)} pickups in ${grouped(view.occupied)} cells`
    if (!playing && cell === undefined && document.activeElement === byId('city')) {
      byId('spoken').textContent = `${byId('now-span').textContent}, ${byId('now-sum').textContent}`
    }
    slider.value = String(step)
    slider.setAttribute('aria-valuetext', isAll ? 'All hours' : `${span} ${date}`)
    slider.classList.toggle('resting', isAll)
    all.setAttribute('aria-pressed', String(isAll))
    play.setAttribute('aria-pressed', String(playing))
    byId('play-text').textContent = playing ? 'Pause' : 'Play'
    byId('play-icon').setAttribute('d', playing ? 'M3 2h3.5v12H3zM9.5 2H13v12H9.5z' : 'M3 1.5v13l11-6.5z')
  }
  write()
  store.subscribe(write)
}

const noSteps = { span: '', date: '' }

/** From the chosen cell to the next hotter or cooler one. */
function walk(model: Model, store: Store, map: CityMap, by: 1 | -1): void {
  const { cell, all, step } = store.get()
  const order = byRank(all ? model.all : model.views[step]!)
  const at = cell === undefined ? -1 : order.indexOf(cell)
  const next = order[Math.min(order.length - 1, Math.max(0, at + by))]
  if (next === undefined) return
  map.reveal(next)
  store.set({ cell: next })
}

function periodOf(model: Model): string {
  const [first, last] = [model.starts[0], model.starts[model.starts.length - 1]]
  if (first === undefined || last === undefined) return ''
  const from = stepLabel(first, 24).span
  const to = stepLabel(last, 24).span
  return from === to ? from : `${from} to ${to}`
}
