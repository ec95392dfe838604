import { AwsError } from '../aws-error.js'
import type { Operation } from '../kinesis.js'
import {
  type JsonObject,
  optionalInteger,
  optionalObject,
  optionalString,
  requiredList,
  requiredObject,
  requiredString,
  type StringRule,
} from '../request.js'
import { ACCOUNT_ID } from '../store/stream-store.js'
import { resolveStream } from './resolve-stream.js'

const MAX_TAGS = 50
const KEY_RULE: StringRule = { min: 1, max: 128 }
const VALUE_RULE: StringRule = { max: 256 }

export const addTagsToStream: Operation = (kinesis, request) => {
  const added = tagsIn(requiredObject(request, 'Tags'))
  const stream = resolveStream(kinesis, request)
  const tags = { ...stream.configuration.tags, ...added }
  if (Object.keys(tags).length > MAX_TAGS) {
    throw new AwsError(
      'InvalidArgumentException',
      `Failed to add tags to stream ${stream.settings.name} under account ${ACCOUNT_ID} because a given stream cannot ` +
        `have more than ${MAX_TAGS} tags associated with it.`,
    )
  }
  stream.configure({ tags })
  return undefined
}

export const removeTagsFromStream: Operation = (kinesis, request) => {
  const keys = requiredList(request, 'TagKeys', { min: 1, max: MAX_TAGS })
  const stream = resolveStream(kinesis, request)
  const kept = Object.entries(stream.configuration.tags).filter(([key]) => !keys.includes(key))
  stream.configure({ tags: Object.fromEntries(kept) })
  return undefined
}

export const listTagsForStream: Operation = (kinesis, request) => {
  const limit = optionalInteger(request, 'Limit', { min: 1, max: MAX_TAGS }) ?? MAX_TAGS
  const after = optionalString(request, 'ExclusiveStartTagKey', KEY_RULE) ?? ''
  const { tags } = resolveStream(kinesis, request).configuration
  const rest = Object.entries(tags)
    .filter(([key]) => key > after)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    Tags: rest.slice(0, limit).map(([Key, Value]) => ({ Key, Value })),
    HasMoreTags: rest.length > limit,
  }
}

/** The tags that a new stream comes with. */
export function tagsOfRequest(request: JsonObject): Readonly<Record<string, string>> {
  const tags = optionalObject(request, 'Tags')
  return tags === undefined ? {} : tagsIn(tags)
}

function tagsIn(given: JsonObject): Readonly<Record<string, string>> {
  const entries = Object.keys(given).map((key): readonly [string, string] => {
    requiredString({ key }, 'key', KEY_RULE, 'tags.')
    return [key, requiredString(given, key, VALUE_RULE, 'tags.')]
  })
  return Object.fromEntries(entries)
}
