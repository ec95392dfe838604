import { describe, expect, test } from 'vitest'
import { millis } from '../../../../core/duration.js'
import {
  global,
  onTime,
  purging,
  session,
  type Trigger,
  type TriggerResult,
  tumbling,
} from '../../../../core/window/index.js'
import { endOfInput, processingTime, watermark } from '../../../harness/index.js'
import { at, windowHarness } from './window-harness.js'

/** Says nothing of itself. */
const silent: Trigger = {
  kind: 'mine()',
  onRecord: () => 'continue',
  onEventTime: () => 'continue',
  onProcessingTime: () => 'continue',
}

const failure = (trigger: Trigger) =>
  windowHarness({ assigner: tumbling(millis(10)), trigger }).verify({
    input: [at(1, 1), at(2, 2), watermark(20), endOfInput()],
    expect: [],
  })

/** What a JavaScript caller may return: each would fire, and drop the contents. */
const giving = (result: unknown) => result as TriggerResult

describe('a trigger that gives no result', () => {
  test.each([
    ['nothing, for a forgotten return', undefined, 'found undefined'],
    ['another word', 'CONTINUE', "found 'CONTINUE'"],
    ['true', true, 'found a boolean'],
  ])('is refused: %s', async (_, result, found) => {
    const mistakes = { ...silent, onRecord: () => giving(result) }
    for (const trigger of [mistakes, purging(mistakes), onTime().early(mistakes)]) {
      await expect(failure(trigger)).rejects.toMatchObject({
        code: 'TRIGGER_INVALID',
        message: expect.stringContaining(found),
      })
    }
  })

  test('is refused when its timer fires, too', async () => {
    const trigger: Trigger = {
      ...silent,
      onRecord(_value, _timestamp, _window, context) {
        context.registerEventTimeTimer(5)
        return 'continue'
      },
      onEventTime: () => giving(undefined),
    }
    await expect(failure(trigger)).rejects.toMatchObject({ code: 'TRIGGER_INVALID' })
  })

  test('is told to be asynchronous where it is', async () => {
    const trigger = { ...silent, onRecord: () => giving(Promise.resolve('continue')) }
    await expect(failure(trigger)).rejects.toMatchObject({ code: 'USER_FUNCTION_RETURNED_PROMISE' })
  })
})

describe('a trigger that throws is named, and not the function of its window', () => {
  const boom = (): never => {
    throw new Error('boom')
  }
  const withTimer: Trigger = {
    ...silent,
    onRecord(_value, _timestamp, _window, context) {
      context.registerEventTimeTimer(5)
      return 'continue'
    },
  }

  test.each([
    ['at a record', { ...silent, onRecord: boom }, /the trigger mine\(\) threw: boom \(.*timestamp 1\)$/],
    ['at its timer', { ...withTimer, onEventTime: boom }, /the trigger mine\(\) threw at window \[0, 10\): boom$/],
    ['when its window goes', { ...silent, clear: boom }, /the trigger mine\(\) threw at window \[0, 10\): boom$/],
  ])('%s', async (_, trigger, message) => {
    await expect(failure(trigger)).rejects.toMatchObject({
      code: 'USER_FUNCTION_FAILED',
      message: expect.stringMatching(message),
    })
  })

  test('when sessions become one', async () => {
    const merging = windowHarness({ assigner: session(millis(10)), trigger: { ...silent, merge: boom } })
    await expect(merging.verify({ input: [at(1, 1), at(2, 2)], expect: [] })).rejects.toMatchObject({
      code: 'USER_FUNCTION_FAILED',
      message: expect.stringMatching(/the trigger mine\(\) threw: boom \(.*timestamp 2\)$/),
    })
  })

  test('at its timer of the wall clock', async () => {
    const onClock: Trigger = {
      ...silent,
      onRecord(_value, _timestamp, _window, context) {
        context.registerProcessingTimeTimer(5)
        return 'continue'
      },
      onProcessingTime: boom,
    }
    const late = windowHarness({ assigner: global(), trigger: onClock })
    await expect(late.verify({ input: [at(1, 1), processingTime(9)], expect: [] })).rejects.toMatchObject({
      code: 'USER_FUNCTION_FAILED',
      message: expect.stringMatching(/the trigger mine\(\) threw at the global window: boom$/),
    })
  })
})

// It would stand before the window's other timers for ever: the window neither fired nor went.
test.each([Number.NaN, undefined, '9'])('a trigger cannot register a timer for %s', async (time) => {
  for (const register of ['registerEventTimeTimer', 'registerProcessingTimeTimer'] as const) {
    const trigger: Trigger = {
      ...silent,
      onRecord(_value, _timestamp, _window, context) {
        context[register](time as number)
        return 'continue'
      },
    }
    await expect(failure(trigger)).rejects.toMatchObject({ code: 'TIMESTAMP_INVALID' })
  }
})
