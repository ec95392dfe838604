import { readFileSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { startLocalOpenSearch } from '../../servers/opensearch/index.js'
import { type Answer, answersOf } from './answers.js'

const recorded = JSON.parse(readFileSync(new URL('./recorded.json', import.meta.url), 'utf8')) as readonly Answer[]

test('the local OpenSearch answers what a real one answered (npm run test:opensearch -- --record)', async () => {
  const server = await startLocalOpenSearch()
  onTestFinished(() => server.close())
  const found = await answersOf(server.url)
  expect(found.map(({ name }) => name)).toEqual(recorded.map(({ name }) => name))
  for (const [index, answer] of found.entries()) expect(answer, answer.name).toEqual(recorded[index])
})
