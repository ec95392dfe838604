import { expect, test } from 'vitest'
import {
  counted,
  every,
  hours,
  keepLast,
  keepNear,
  keepWithin,
  minutes,
  onTime,
  session,
  sliding,
  stagger,
  topN,
  tumbling,
} from '../../../core/index.js'
import { errorOf } from '../stream/job-parts.js'

/** As a JavaScript caller has them, or one who has spread them in. */
type Made = (options: object) => unknown

const FACTORIES: readonly (readonly [where: string, known: string, misspelt: string, Made])[] = [
  ['tumbling', 'offset', 'ofset', (options) => tumbling(hours(1), options)],
  ['sliding', 'negativeOffset', 'negativOffset', (options) => sliding(hours(1), minutes(1), options)],
  ['session', 'maxLength', 'maxLenght', (options) => session(minutes(5), options)],
  ['stagger', 'time', 'tme', (options) => stagger(minutes(5), options)],
  ['counted', 'slide', 'slid', (options) => counted(100, options)],
  ['every', 'time', 'tme', (options) => every(minutes(1), options)],
  ['onTime', 'time', 'tme', (options) => onTime(options)],
  ['keepLast(10)', 'when', 'wen', (options) => keepLast(10, options)],
  ['keepWithin(5m)', 'when', 'wen', (options) => keepWithin(minutes(5), options)],
  ['topN(3)', 'select', 'selekt', (options) => topN(3, options && { by: () => 0, ...options })],
  ['keepNear(1)', 'when', 'wen', (options) => keepNear(1, () => 0, options)],
]

test.each(FACTORIES)('%s has %s, and refuses %s', (where, known, misspelt, make) => {
  expect(errorOf(() => make({ [misspelt]: undefined }))).toMatchObject({
    code: 'OPTION_INVALID',
    message: `${where}: there is no option '${misspelt}'. Did you mean '${known}'?`,
  })
  expect(() => make({ [known]: undefined })).not.toThrow()
})

test.each(FACTORIES)('%s refuses what is no object of options', (where, _known, _misspelt, make) => {
  expect(errorOf(() => make(null as unknown as object))).toMatchObject({
    code: 'OPTION_INVALID',
    message: `${where}: expected an object of options, found null`,
  })
})
