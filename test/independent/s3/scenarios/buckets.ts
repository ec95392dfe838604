import {
  CreateBucketCommand,
  DeleteBucketCommand,
  GetBucketLocationCommand,
  HeadBucketCommand,
  ListBucketsCommand,
} from '@aws-sdk/client-s3'
import { outcome, type Scenario } from '../subject.js'

export const bucketScenarios: readonly Scenario[] = [
  {
    name: 'buckets',
    async run(s3) {
      await s3.put('key')
      const [Bucket, none] = [s3.bucket, { Bucket: `${s3.bucket}-none` }]
      const { Buckets = [] } = await s3.client.send(new ListBucketsCommand({}))
      return {
        isListed: Buckets.some(({ Name }) => Name === Bucket),
        head: await outcome(s3.client.send(new HeadBucketCommand({ Bucket }))),
        headNone: await outcome(s3.client.send(new HeadBucketCommand(none))),
        location: await outcome(
          s3.client.send(new GetBucketLocationCommand({ Bucket })),
          (answer) => answer.LocationConstraint,
        ),
        again: await outcome(s3.client.send(new CreateBucketCommand({ Bucket }))),
        deleteFull: await outcome(s3.client.send(new DeleteBucketCommand({ Bucket }))),
        deleteNone: await outcome(s3.client.send(new DeleteBucketCommand(none))),
        badName: await outcome(s3.client.send(new CreateBucketCommand({ Bucket: 'Under_Score' }))),
      }
    },
  },
  {
    name: 'a bucket with an upload that nobody finished',
    async run(s3) {
      await s3.begin('key')
      return { delete: await outcome(s3.client.send(new DeleteBucketCommand({ Bucket: s3.bucket }))) }
    },
  },
]
