import { defineJob, hours, listState, mapState, millis, type Ttl, valueState } from 'tidemark'
import { collectInto, collection } from 'tidemark/collection'
import { describe, expect, it } from 'vitest'

describe('a time to live that is declared', () => {
  // What a caller in JavaScript may pass.
  it.each([
    ['for nothing', { after: millis(0) }, /valueState: ttl: after is a duration that is not zero/],
    ['without an end', { after: { ms: Number.POSITIVE_INFINITY } }, /after is a duration/],
    ['as a number', { after: 5 }, /after is a duration/],
    ['without after', {}, /after is a duration/],
    ['as no object', 5, /expected an object of options, found number/],
    ['with an option that there is not', { after: hours(1), updates: 'onWrite' }, /no option 'updates'.*'update'/],
    ['with an access that there is not', { after: hours(1), update: 'onRead' }, /update is one of onWrite, onReadAndW/],
    ['with what expired values are not', { after: hours(1), expired: 'always' }, /expired is one of never, untilCle/],
  ])('%s is refused', (_name, ttl, message) => {
    expect(() => valueState({ ttl: ttl as Ttl })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringMatching(message) }),
    )
    expect(() => listState({ ttl: ttl as Ttl })).toThrow(/listState: ttl/)
  })

  it('for broadcast state is refused', () => {
    const job = defineJob('broadcast', (builder) => {
      const numbers = builder.from('numbers', collection<number>([]))
      const rules = numbers.broadcast({ rules: mapState<string, number>({ ttl: { after: hours(1) } }) })
      numbers
        .connect(rules)
        .process('step', { onRecord: () => [], onBroadcast: () => undefined })
        .to('out', collectInto<unknown>([]))
    })
    expect(() => job.build({})).toThrow(/state 'rules' cannot have a ttl, only keyed state can/)
  })
})
