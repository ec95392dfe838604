import { crc32 } from 'node:zlib'
import { TidemarkError } from 'tidemark'
import { memoryStore, type ObjectStore } from 'tidemark/run'
import type { CheckpointManifest, ObjectRef, OperatorManifest } from '../../core/checkpoint/manifest.js'
import { JobLog } from '../../runtime/coordinator/job-log.js'
import { readSavepoint } from '../../runtime/savepoint/index.js'
import { SavepointReader } from '../../runtime/savepoint/read-savepoint.js'
import { readSavepointManifest } from '../../runtime/storage/savepoint-objects.js'
import { mutateBytes } from './mutate-bytes.js'
import { mutateFrames } from './mutate-frames.js'
import { changeField, mutateJson, unsealed } from './mutate-json.js'
import { mutateState } from './mutate-state.js'
import { RandomSource } from './random-source.js'
import { requirePlain } from './require-plain.js'
import { restore } from './restore.js'
import { type SavepointSeed, type Seeds, storeOf } from './seeds.js'

/** How a case ended: the code of the error that was thrown, or `read`. */
export type Outcome = string

/** Something else than a TidemarkError came out. */
export class Finding extends Error {
  constructor(index: number, cause: unknown) {
    super(`case ${index}: ${cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)}`, { cause })
  }
}

/** Runs one case: mutates something and reads it. The same seed and index do the same. */
export async function runCase(seeds: Seeds, seed: number, index: number): Promise<Outcome> {
  const random = new RandomSource(seed + index)
  try {
    const kind = random.below(20)
    if (kind < 3) await manifestCase(seeds, random)
    else if (kind < 5) await logCase(seeds, random)
    else await objectCase(seeds, random)
    return 'read'
  } catch (error) {
    // An error of the domain `internal` says that Tidemark is wrong, not what it reads.
    if (error instanceof TidemarkError && error.domain !== 'internal') return error.code
    throw new Finding(index, error)
  }
}

async function manifestCase({ savepoints }: Seeds, random: RandomSource): Promise<void> {
  const seed = random.pick(savepoints)
  const bytes = seed.objects.get('savepoint.json') ?? new Uint8Array()
  const mutated = random.chance(0.8) ? mutatedManifest(unsealed(bytes), random) : mutatedText(bytes, random)
  const store = storeOf(seed.objects, new Map([['savepoint.json', mutated]]))
  if (random.chance(0.5)) {
    const savepoint = await readSavepoint(store)
    const ids = savepoint.operators().map(({ id }) => id)
    if (ids.length > 0) await readOperator(savepoint, random.pick(ids))
    return
  }
  const manifest = await readSavepointManifest(store)
  const operators = manifest.operators.length > 0 ? [random.pick(manifest.operators)] : []
  await restore(store, { ...manifest, operators }, restoreAt(random))
}

/** Mostly with one operator alone: then what is changed is also what is read. */
function mutatedManifest(body: string, random: RandomSource): Uint8Array {
  const document = JSON.parse(body) as StoredManifest
  if (random.chance(0.9)) document.operators = [random.pick(document.operators)]
  const [{ subtasks }] = document.operators
  // What leads somewhere else, or takes memory, is hit by chance too seldom.
  if (random.chance(0.3)) {
    const refs = subtasks.flatMap(({ keyed, state }) => (state ? [...keyed, state] : keyed))
    if (refs.length > 0) changeField(random.pick(refs), random)
  } else if (random.chance(0.2)) changeField(document, random)
  else if (random.chance(0.25)) changeField(random.pick(subtasks).range, random)
  return sealed(JSON.stringify(random.chance(0.5) ? document : mutateJson(document, random)), random)
}

interface StoredManifest {
  operators: [StoredOperator, ...StoredOperator[]]
}

interface StoredOperator {
  readonly subtasks: readonly { range: object; keyed: object[]; state: object | null }[]
}

async function logCase({ logEntries }: Seeds, random: RandomSource): Promise<void> {
  const bytes = random.pick(logEntries)
  const mutated = random.chance(0.6)
    ? sealed(JSON.stringify(mutateJson(JSON.parse(unsealed(bytes)), random)), random)
    : mutatedText(bytes, random)
  const store = memoryStore()
  await store.create('log/0000000007', mutated)
  const log = await JobLog.open({ store, nonce: () => 'own' })
  await log.append({ kind: 'generation' })
}

/** An object that the manifest names. In half of the cases its length and checksum are made right. */
async function objectCase({ savepoints }: Seeds, random: RandomSource): Promise<void> {
  const seed = random.pick(savepoints)
  const ref = random.pick(random.chance(0.4) ? seed.otherRefs : seed.refs)
  const operator = operatorOf(seed, ref)
  const bytes = seed.objects.get(ref.name) ?? new Uint8Array()
  const others = [...random.pick(savepoints).objects.values()]
  const isKeyed = operator.subtasks.some(({ keyed }) => keyed.includes(ref as never))
  const mutateInside = isKeyed ? mutateFrames : mutateState
  const mutated = (random.chance(0.6) ? mutateInside : mutateBytes)(bytes, random, others)
  const fixed = random.chance(0.5) ? { length: mutated.length, crc32: crc32(mutated) } : {}
  // The others are as they were: of no interest here.
  const manifest = { ...seed.manifest, operators: [withRef(operator, ref, { ...ref, ...fixed })] }
  const store = storeOf(seed.objects, new Map([[ref.name, mutated]]))
  if (random.chance(0.5)) await readOperator(readerOf(store, manifest), operator.id)
  else await restore(store, manifest, restoreAt(random))
}

function operatorOf({ manifest }: SavepointSeed, ref: ObjectRef): OperatorManifest {
  const found = manifest.operators.find(({ subtasks, enumerator }) => {
    return enumerator === ref || subtasks.some(({ keyed, state }) => state === ref || keyed.includes(ref as never))
  })
  if (found === undefined) throw new RangeError(`nobody has ${ref.name}`)
  return found
}

function withRef(operator: OperatorManifest, old: ObjectRef, changed: ObjectRef): OperatorManifest {
  const { enumerator } = operator
  return {
    ...operator,
    ...(enumerator && { enumerator: enumerator === old ? changed : enumerator }),
    subtasks: operator.subtasks.map((subtask) => ({
      ...subtask,
      state: subtask.state === old ? changed : subtask.state,
      keyed: subtask.keyed.map((ref) => (ref === old ? { ...ref, ...changed } : ref)),
    })),
  }
}

const readerOf = (store: ObjectStore, manifest: CheckpointManifest): SavepointReader =>
  new SavepointReader({ store, close: async () => undefined }, manifest)

async function readOperator(savepoint: SavepointReader, id: string): Promise<void> {
  for await (const entry of savepoint.keyedState(id)) requirePlain(entry)
  await savepoint.states(id)
  for await (const contents of savepoint.contents(id)) requirePlain(contents)
  requirePlain(await savepoint.enumerator(id))
}

function restoreAt(random: RandomSource) {
  const parallelism = random.pick([1, 2, 3])
  return { parallelism, subtask: random.below(parallelism), fires: random.chance(0.3) }
}

/** The envelope of a body; in half of the cases with a checksum that is wrong. */
function sealed(body: string, random: RandomSource): Uint8Array {
  const checksum = random.chance(0.5) ? crc32(body) : random.below(2 ** 32)
  return new TextEncoder().encode(JSON.stringify({ body, crc32: checksum }))
}

/** Changes within the body, under a checksum that fits, or of the envelope itself. */
function mutatedText(bytes: Uint8Array, random: RandomSource): Uint8Array {
  if (random.chance(0.3)) return mutateBytes(bytes, random, [bytes])
  const body = new TextEncoder().encode(unsealed(bytes))
  return sealed(new TextDecoder().decode(mutateBytes(body, random, [body])), random)
}
