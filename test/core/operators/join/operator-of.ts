import { collectInto, collection } from '../../../../connectors/collection/index.js'
import { defineJob, type KeyedStream, type Stream } from '../../../../core/index.js'
import type { Operator } from '../../../../core/operators/operator.js'
import type { Item } from './two-sides.js'

type Keyed = KeyedStream<string, Item>

/** A fresh operator of the step that a job has under the id `joined`. */
export function operatorOf(build: (left: Keyed, right: Keyed) => Stream<unknown>): () => Operator {
  const job = defineJob('under-test', (builder) => {
    const left = builder.from('left', collection<Item>([])).keyBy(({ key }) => key)
    const right = builder.from('right', collection<Item>([])).keyBy(({ key }) => key)
    build(left, right).to('out', collectInto<unknown>([]))
  })
  const node = job.build({}).nodes.find(({ id }) => id === 'joined')
  if (node?.kind !== 'operator') throw new Error("the job has no step 'joined'")
  return node.create
}
