import type { AggregatingStateSpec, ListStateSpec, MapStateSpec, ReducingStateSpec, ValueStateSpec } from './backend.js'
import type { StoredLayout } from './component.js'
import { missingStep } from './evolution.js'
import { aggregateChanged, migrationMissing, versionNewer } from './evolution-error.js'
import type { StateEvolution } from './evolving-table.js'
import { stateLayoutUnknown } from './state-error.js'
import { TIMED_LAYOUT } from './timed.js'

/** Of any kind. What it holds is of no interest here. */
export type StateSpec =
  | Named<ValueStateSpec<never>>
  | Named<ListStateSpec<never>>
  | Named<MapStateSpec<never, never>>
  | Named<ReducingStateSpec<never>>
  | Named<AggregatingStateSpec<never, never, never>>

type Named<S> = Omit<S, 'initial' | 'elementOf' | 'entryOf' | 'reduce' | 'aggregate'> & {
  readonly aggregate?: { readonly kind: string }
}

const BY_KEY = '-by-key'

/** `value-by-key`, `aggregating-by-key mean`, `timed-list-by-key`; the version is the user's. */
export function layoutOf({ kind, version = 1, aggregate, ttl }: StateSpec): StoredLayout {
  const times = ttl === undefined ? '' : TIMED_LAYOUT
  return { layout: `${times}${kind}${BY_KEY}${aggregate === undefined ? '' : ` ${aggregate.kind}`}`, version }
}

/** @throws TidemarkError when what was stored in this form cannot become what the job declares, naming both */
export function acceptState(
  of: { readonly operatorId: string; readonly state: string },
  spec: StateSpec,
  stored: StoredLayout,
): void {
  const declared = layoutOf(spec)
  const [kind, aggregate] = partsOf(stored.layout)
  if (kind !== spec.kind) throw stateLayoutUnknown(of.operatorId, of.state, declared.layout, stored.layout)
  if (stored.version > declared.version) throw versionNewer(of, stored.version, declared.version)
  const missing = missingStep(spec, stored.version)
  if (missing !== undefined) {
    throw migrationMissing(of, { stored: stored.version, declared: declared.version, missing })
  }
  // State that was written by hand does not name an aggregate.
  const isOther = aggregate !== undefined && aggregate !== spec.aggregate?.kind
  if (isOther && stored.version === declared.version) {
    throw aggregateChanged(of, aggregate, spec.aggregate?.kind ?? 'none')
  }
}

export function evolutionOf(spec: StateSpec): StateEvolution {
  return { ...spec, state: spec.name, of: spec.kind === 'list' ? 'elements' : 'values' }
}

function partsOf(layout: string): readonly [kind?: string | undefined, aggregate?: string | undefined] {
  const match = /^(?:timed-)?(value|list|map|reducing|aggregating)-by-key(?: (.*))?$/s.exec(layout)
  return match === null ? [] : [match[1], match[2]]
}
