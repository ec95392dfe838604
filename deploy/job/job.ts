import { boundedOutOfOrderness, count, defineJob, minutes, seconds, tumbling } from 'tidemark'
import { generator, print } from 'tidemark/collection'

const PAGES = ['/', '/prices', '/docs', '/blog']
const CLICKS_PER_SECOND = 200
const START = Date.UTC(2026, 0, 1)

/** Something to see in a container that needs nothing beside it: clicks that are made up, counted by page and minute. */
export default defineJob('clicks-per-minute', (job) => {
  const clicks = generator({
    rate: CLICKS_PER_SECOND,
    make: (index) => ({
      page: PAGES[(index * 7 + (index >> 3)) % PAGES.length] ?? '/',
      at: START + (index * 1000) / CLICKS_PER_SECOND,
    }),
  })
  job
    .from('clicks', clicks, boundedOutOfOrderness({ timestamp: ({ at }) => at, maxDelay: seconds(1) }))
    .keyBy(({ page }) => page)
    .window(tumbling(minutes(1)))
    .aggregate('per-page', { clicks: count() })
    .to('out', print())
})
