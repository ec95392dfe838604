import { shortDayLabel } from '../shared/time.js'
import { byId, svgElement } from './dom.js'
import type { Model } from './model.js'
import type { Store } from './store.js'

/** Half the slider's thumb: the first step's place from the left, as style.css has it. */
const inset = 9
const height = 34

/** Bars above the slider, one a step, as high as the step has pickups; and the hours below it. */
export function createRhythm(model: Model, store: Store): void {
  const svg = byId<SVGElement>('rhythm')
  const most = model.views.reduce((highest, view) => Math.max(highest, view.total), 1)
  let bars: SVGElement[] = []

  const draw = () => {
    const width = svg.clientWidth
    const steps = model.views.length
    const gap = steps < 2 ? width - 2 * inset : (width - 2 * inset) / (steps - 1)
    const thickness = Math.max(1, Math.min(8, gap * 0.6))
    const centre = (step: number) => inset + (steps < 2 ? 0 : step * gap)
    svg.setAttribute('viewBox', `0 0 ${Math.max(1, width)} ${height}`)
    bars = model.views.map((view, step) => {
      const bar = Math.max(1, (view.total / most) * (height - 2))
      return svgElement('rect', { x: centre(step) - thickness / 2, y: height - bar, width: thickness, height: bar })
    })
    svg.replaceChildren(...bars)
    byId('hours').replaceChildren(...labels(model, centre))
    mark()
  }
  const mark = () => {
    const { all, step } = store.get()
    bars.forEach((bar, i) => {
      bar.classList.toggle('lit', all || i === step)
    })
  }
  draw()
  new ResizeObserver(draw).observe(svg)
  store.subscribe(mark)
}

function labels(model: Model, centre: (step: number) => number): HTMLElement[] {
  const texts = stepTexts(model.starts, model.hoursPerStep)
  const placed: HTMLElement[] = []
  let free = -Infinity
  for (const { step, text } of texts) {
    const x = centre(step)
    if (x < free) continue
    const label = document.createElement('span')
    label.textContent = text
    label.style.left = `${x.toFixed(1)}px`
    placed.push(label)
    free = x + text.length * 7 + 14
  }
  return placed
}

/** Which steps deserve a label on an axis: every third hour of a few days, midnights of more. */
export function stepTexts(starts: readonly number[], hoursPerStep: number): { step: number; text: string }[] {
  const manyHours = hoursPerStep === 1 && starts.length > 50
  let day = ''
  return starts.flatMap((startMs, step) => {
    const hour = new Date(startMs).getUTCHours()
    if (hoursPerStep === 1 && !manyHours) {
      const isWanted = hour % 3 === 0 || starts.length <= 6
      return isWanted ? [{ step, text: `${String(hour).padStart(2, '0')}:00` }] : []
    }
    const text = shortDayLabel(startMs)
    const isNew = text !== day
    day = text
    return isNew ? [{ step, text }] : []
  })
}
