import type { AirportSeries, AirportStep, Payload } from '../shared/payload.js'
import { stepLabel } from '../shared/time.js'
import { byId, grouped, svgElement } from './dom.js'
import type { Model } from './model.js'
import { stepTexts } from './rhythm.js'
import type { Store } from './store.js'

const height = 300
const margin = { top: 26, right: 44, bottom: 34, left: 44 }

type Airports = Payload['airports']

/** Average minutes to each airport. Steps stand side by side whether or not hours are missing; lines break there. */
export function createChart(airports: Airports, model: Model, store: Store): void {
  const svg = document.querySelector<SVGElement>('#chart')
  if (svg === null) return
  const { series, hoursPerStep } = airports
  const starts = [...new Set(series.flatMap(({ steps }) => steps.map((step) => step.startMs)))].sort((a, b) => a - b)
  const indexOf = new Map(starts.map((startMs, index) => [startMs, index]))
  const top = niceTop(Math.max(1, ...series.flatMap(({ steps }) => steps.map(average))))
  const bottom = Math.min(0, ...series.flatMap(({ steps }) => steps.map(average)))
  let hovered: number | undefined
  let x = (_: number) => 0
  let cursor: SVGElement | undefined

  const draw = () => {
    const width = Math.max(260, svg.clientWidth)
    const inner = width - margin.left - margin.right
    x = (index) => margin.left + (starts.length === 1 ? inner / 2 : (index / (starts.length - 1)) * inner)
    const y = (minutes: number) =>
      height - margin.bottom - ((minutes - bottom) / (top - bottom)) * (height - margin.top - margin.bottom)
    svg.setAttribute('viewBox', `0 0 ${width} ${height}`)
    cursor = svgElement('line', { class: 'cursor', y1: margin.top, y2: height - margin.bottom })
    svg.replaceChildren(
      ...axes({ width, top, y, x, starts, hoursPerStep }),
      cursor,
      ...series.flatMap((line) => drawSeries(line, { x, y, indexOf, hoursPerStep })),
    )
    point()
  }

  const point = () => {
    const chosen = hovered ?? indexOfChoice(store, model, starts, hoursPerStep)
    cursor?.classList.toggle('off', chosen === undefined)
    if (chosen !== undefined) {
      cursor?.setAttribute('x1', String(x(chosen)))
      cursor?.setAttribute('x2', String(x(chosen)))
    }
    byId('readout').replaceChildren(...readout(airports, chosen === undefined ? undefined : starts[chosen]))
    if (document.activeElement === svg) byId('spoken').textContent = byId('readout').textContent
  }

  svg.addEventListener('pointermove', (event) => {
    const box = svg.getBoundingClientRect()
    const at = event.clientX - box.left
    hovered = starts.reduce((best, _, index) => (Math.abs(x(index) - at) < Math.abs(x(best) - at) ? index : best), 0)
    point()
  })
  svg.addEventListener('pointerleave', () => {
    hovered = undefined
    point()
  })
  draw()
  new ResizeObserver(draw).observe(svg)
  store.subscribe(point)
}

const average = (step: AirportStep): number => step.minutes / step.trips

function indexOfChoice(
  store: Store,
  model: Model,
  starts: readonly number[],
  hoursPerStep: number,
): number | undefined {
  const { all, step } = store.get()
  const startMs = model.starts[step]
  if (all || startMs === undefined) return undefined
  const index = starts.findIndex((start) => start <= startMs && startMs < start + hoursPerStep * 3_600_000)
  return index < 0 ? undefined : index
}

interface Axes {
  readonly width: number
  readonly top: number
  readonly x: (index: number) => number
  readonly y: (minutes: number) => number
  readonly starts: readonly number[]
  readonly hoursPerStep: number
}

function axes({ width, top, x, y, starts, hoursPerStep }: Axes): SVGElement[] {
  const marks: SVGElement[] = []
  const step = top / 4
  for (let minutes = 0; minutes <= top; minutes += step) {
    const line = { class: 'grid', x1: margin.left, x2: width - margin.right, y1: y(minutes), y2: y(minutes) }
    marks.push(svgElement('line', line))
    const text = minutes === top ? `${minutes} min` : String(minutes)
    marks.push(svgElement('text', { x: margin.left - 10, y: y(minutes) + 4, 'text-anchor': 'end' }, text))
  }
  let free = -Infinity
  for (const { step: index, text } of stepTexts(starts, hoursPerStep)) {
    const half = text.length * 3.6
    if (x(index) - half < free) continue
    marks.push(svgElement('text', { x: x(index), y: height - 12, 'text-anchor': 'middle' }, text))
    free = x(index) + half + 14
  }
  return marks
}

interface Placing {
  readonly x: (index: number) => number
  readonly y: (minutes: number) => number
  readonly indexOf: ReadonlyMap<number, number>
  readonly hoursPerStep: number
}

function drawSeries({ code, steps }: AirportSeries, { x, y, indexOf, hoursPerStep }: Placing): SVGElement[] {
  const last = steps[steps.length - 1]
  if (last === undefined) return []
  const name = code.toLowerCase()
  let path = ''
  let before: number | undefined
  for (const step of steps) {
    const isNext = before !== undefined && step.startMs - before <= hoursPerStep * 3_600_000
    path += `${isNext ? 'L' : 'M'}${x(indexOf.get(step.startMs)!).toFixed(1)} ${y(average(step)).toFixed(1)}`
    before = step.startMs
  }
  const dots = steps.length > 100 ? [] : steps
  return [
    svgElement('path', { class: `line ${name}`, d: path }),
    ...dots.map((step) =>
      svgElement('circle', { class: `dot ${name}`, cx: x(indexOf.get(step.startMs)!), cy: y(average(step)), r: 3 }),
    ),
    svgElement('text', { class: `name ${name}`, x: x(indexOf.get(last.startMs)!) + 9, y: y(average(last)) + 4 }, code),
  ]
}

/** `17:00-17:59 Tue 1 Jan 2013   JFK 44.2 min, 312 trips   LGA ...`, or the averages of all hours. */
function readout({ series, hoursPerStep }: Airports, startMs: number | undefined): Node[] {
  const label = startMs === undefined ? { span: 'All hours', date: '' } : stepLabel(startMs, hoursPerStep)
  const parts = [part('when', `${label.span} ${label.date}`.trim())]
  for (const { code, steps } of series) {
    const chosen = steps.filter((step) => startMs === undefined || step.startMs === startMs)
    const trips = chosen.reduce((sum, step) => sum + step.trips, 0)
    const minutes = chosen.reduce((sum, step) => sum + step.minutes, 0)
    const value = trips === 0 ? 'no trips' : `${(minutes / trips).toFixed(1)} min, ${grouped(trips)} trips`
    parts.push(part(code.toLowerCase(), `${code} ${value}`))
  }
  return parts.flatMap((element) => [element, document.createTextNode(' ')])
}

function part(name: string, text: string): HTMLElement {
  const element = document.createElement('span')
  element.className = name
  element.textContent = text
  return element
}

/** The least of 4, 8, 12, 20, 40, 80, 120, 200 ... that holds the value: four even gridlines with whole numbers. */
function niceTop(value: number): number {
  for (let power = 4; ; power *= 10) {
    for (const factor of [1, 2, 3, 5]) if (value <= power * factor) return power * factor
  }
}
