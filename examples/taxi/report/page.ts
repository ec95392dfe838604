import type { PickupCount } from '../documents.js'
import { assets } from './assets.js'
import { type FittedCells, fitCells } from './cells.js'
import { type AirportAverages, averagesByStep } from './durations.js'
import { factsOf, number } from './facts.js'
import { hottest } from './hottest.js'
import { html, jsonForScript, type Markup, ownSource } from './html.js'
import type { ReportInput } from './input.js'
import { placeOf } from './place.js'
import type { Payload } from './shared/payload.js'
import { dayLabel, hourLabel, hourMs, stepLabel } from './shared/time.js'

/** One HTML file, under 2 MB, that needs no network. The same input gives the same bytes. */
export function renderReport(input: ReportInput): string {
  const cells = fitCells(input.pickupCounts)
  const averages = averagesByStep(input.tripDurations)
  const payload: Payload = { cells: cells.encoded, airports: averages }
  const { style, script, styleHash, scriptHash } = assets()
  const title = input.run.title ?? 'Taxi pickups in New York'
  const policy = [
    "default-src 'none'",
    `style-src '${styleHash}'`,
    `script-src '${scriptHash}'`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="Tidemark">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${ownSource(style)}</style>
</head>
<body>
<main>
${mapSection(title, input, cells.encoded.precision)}
<div class="below">
${notes(cells)}
${chartSection(averages)}
${hottestSection(input.pickupCounts)}
${factsSection(input)}
</div>
</main>
<script type="application/json" id="data">${jsonForScript(payload)}</script>
<script>${ownSource(script)}</script>
</body>
</html>
`.markup
}

function mapSection(title: string, input: ReportInput, precision: number): Markup {
  const lead =
    input.pickupCounts.length === 0
      ? html`No pickups: the job wrote no rows of pickup_count, so the map is empty.`
      : html`Each square is a geohash-${precision} cell${precision === 7 ? ', about 117 by 153 metres' : ''}. The pickups themselves draw the city.`
  return html`<section class="map" aria-labelledby="title">
<header class="head" id="head">
<h1 id="title">${title}</h1>
<p class="source">${input.run.source}</p>
<p class="lead">${lead}</p>
</header>
<p class="now"><strong id="now-span"></strong> <span id="now-date"></span> <span id="now-sum"></span></p>
<div class="stage" id="stage">
<canvas id="city" tabindex="0" role="img" aria-describedby="map-keys" aria-label="Map of taxi pickups in New York by cell"></canvas>
<div class="zoom" role="group" aria-label="Zoom"><button type="button" id="zoom-in" aria-label="Zoom in">+</button><button type="button" id="zoom-out" aria-label="Zoom out">&minus;</button><button type="button" id="zoom-reset" aria-label="Show the whole city" disabled>Reset</button></div>
<div class="tip" id="tip" hidden></div>
</div>
<div class="legend" id="legend" hidden><div id="legend-title"></div><div id="legend-ramp" class="ramp"></div><div id="legend-ticks" class="ticks"></div></div>
<div class="controls">
<button type="button" id="play" class="play" aria-pressed="false"><svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true"><path id="play-icon" d="M3 1.5v13l11-6.5z"/></svg><span id="play-text">Play</span></button>
<div class="track"><svg id="rhythm" class="rhythm" aria-hidden="true"></svg><input type="range" id="hour" min="0" max="0" step="1" value="0" aria-label="Hour"><div id="hours" class="hours" aria-hidden="true"></div></div>
<button type="button" id="all" aria-pressed="true">All hours</button>
</div>
<p class="keys" id="map-keys">Left and right arrows change the hour. On the map, up and down walk through the cells by rank, plus and minus zoom, 0 shows all.</p>
<div class="spoken" id="spoken" role="status" aria-live="polite"></div>
<noscript><p class="keys">The map and the chart are drawn by this page's own script, which is switched off. The tables below hold the numbers.</p></noscript>
</section>`
}

function notes({ encoded, unusableRows }: FittedCells): Markup {
  const coarser =
    encoded.precision === 7 && encoded.hoursPerStep === 1
      ? []
      : [
          html`<p>To keep this page under 2 MB the map is coarser than the results: cells of ${encoded.precision} geohash characters${
            encoded.hoursPerStep === 1 ? '' : ` in steps of ${encoded.hoursPerStep / 24} days`
          }. The tables are exact.</p>`,
        ]
  const unusable =
    unusableRows === 0
      ? []
      : [html`<p>${number(unusableRows)} rows are not on the map: no geohash of 7 characters, no count or no time.</p>`]
  return html`<section class="notes" aria-label="How to read this page">
<p>A trip counts in the hour in which it ended and in the cell in which it began. Hours are New York wall-clock time as the trip records carry it, without a zone, read as UTC.</p>${coarser}${unusable}
</section>`
}

function chartSection({ hoursPerStep, series }: AirportAverages): Markup {
  const heading = html`<h2 id="chart-title">Minutes to the airports</h2>`
  if (series.every(({ steps }) => steps.length === 0)) {
    return html`<section aria-labelledby="chart-title">${heading}<p>No airport trips: no cell had more than one trip to JFK or LGA in an hour.</p></section>`
  }
  const starts = [...new Set(series.flatMap(({ steps }) => steps.map((step) => step.startMs)))].sort((a, b) => a - b)
  const rows = starts.map((startMs) => {
    const { span, date } = stepLabel(startMs, hoursPerStep)
    const values = series.map(({ steps }) => {
      const step = steps.find((candidate) => candidate.startMs === startMs)
      if (step === undefined) return html`<td>none</td><td>0</td>`
      return html`<td>${(step.minutes / step.trips).toFixed(1)}</td><td>${number(step.trips)}</td>`
    })
    return html`<tr><th scope="row">${span} <small>${date}</small></th>${values}</tr>`
  })
  const heads = series.map(
    ({ code }) =>
      html`<th scope="col">${code}, <abbr title="minutes">min</abbr></th><th scope="col">${code}, trips</th>`,
  )
  const per = hoursPerStep === 1 ? 'hour' : hoursPerStep === 24 ? 'day' : `${hoursPerStep / 24} days`
  return html`<section aria-labelledby="chart-title">
${heading}
<p>Average trip duration by ${per}, weighted by trips, from the cells that sent more than one trip to the airport in an hour.</p>
<p class="readout" id="readout"></p>
<svg id="chart" class="chart" tabindex="0" role="img" aria-label="Line chart of average minutes to JFK and LGA by ${per}. The values are in the table below."></svg>
<details><summary>The values as a table</summary><div class="scroll"><table><thead><tr><th scope="col">${
    hoursPerStep === 1 ? 'Hour' : 'From'
  }</th>${heads}</tr></thead><tbody>${rows}</tbody></table></div></details>
</section>`
}

function hottestSection(rows: readonly PickupCount[]): Markup {
  const heading = html`<h2 id="hottest-title">The ten hottest cells</h2>`
  const top = hottest(rows, 10)
  if (top.length === 0) {
    return html`<section aria-labelledby="hottest-title">${heading}<p>None: there are no pickups.</p></section>`
  }
  const most = Math.max(1, top[0]!.pickup_count)
  const body = top.map((row, i) => {
    const startMs = row.timestamp - hourMs
    const timed = Number.isSafeInteger(row.timestamp)
    return html`<tr><td class="rank">${i + 1}</td><th scope="row"><button type="button" class="cell" data-cell="${row.location}" data-start="${startMs}">${row.location}</button> <small>${placeOf(row.location) ?? 'not a geohash'}</small></th><td>${
      timed ? hourLabel(startMs) : 'no time'
    } <small>${timed ? dayLabel(startMs) : ''}</small></td><td class="count">${number(row.pickup_count)}</td><td class="bar"><svg width="100%" height="6" aria-hidden="true"><rect width="${barWidth(row.pickup_count / most)}%" height="6"/></svg></td></tr>`
  })
  return html`<section aria-labelledby="hottest-title">
${heading}
<p>Most pickups of one cell in one hour. Choose a cell to see it on the map.</p>
<table class="hottest"><thead><tr><th scope="col">Rank</th><th scope="col">Cell</th><th scope="col">Hour</th><th scope="col" class="count">Pickups</th><td></td></tr></thead><tbody>${body}</tbody></table>
</section>`
}

function factsSection(input: ReportInput): Markup {
  const items = factsOf(input.run).map(({ label, value }) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`)
  return html`<section aria-labelledby="facts-title"><h2 id="facts-title">The run</h2><dl class="facts">${items}</dl></section>`
}

function barWidth(share: number): string {
  return Math.max(0, share * 100).toFixed(1)
}
