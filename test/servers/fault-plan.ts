import type { Random } from '../../core/environment.js'

/** Which of the requests that a rule picks go wrong, and how. */
export interface FaultTiming<Fault> {
  /** Which of the matching requests, counted from 1. Default: each of them. */
  readonly nth?: number | readonly number[]
  /** How many times at most. */
  readonly times?: number
  /** How likely, from 0 to 1, for each request that all of the above picks. Default 1. */
  readonly rate?: number
  readonly fault: Fault
}

/** Sees each request before it is applied; what it returns goes wrong with that. */
export type FaultHook<Request, Fault> = (request: Request) => Fault | undefined

export interface Faults<Request, Fault extends { readonly kind: string }, Rule extends FaultTiming<Fault>> {
  /** Of the rules that pick a request the one added first counts. Returns what takes this one away. */
  add(rule: Rule | FaultHook<Request, Fault>): () => void
  clear(): void
  /** How often each kind was injected. */
  injected(): Readonly<Partial<Record<Fault['kind'], number>>>
}

export interface FaultPlan<Request, Fault extends { readonly kind: string }, Rule extends FaultTiming<Fault>>
  extends Faults<Request, Fault, Rule> {
  /** Whether there is no rule at all. */
  readonly isEmpty: boolean
  next(request: Request): Fault | undefined
}

export interface FaultPlanSettings<Request, Fault, Rule> {
  readonly random: Random
  readonly picks: (rule: Rule, request: Request) => boolean
  readonly initial: FaultHook<Request, Fault> | readonly Rule[] | undefined
}

export function createFaultPlan<Request, Fault extends { readonly kind: string }, Rule extends FaultTiming<Fault>>({
  random,
  picks,
  initial = [],
}: FaultPlanSettings<Request, Fault, Rule>): FaultPlan<Request, Fault, Rule> {
  const hooks = new Set<FaultHook<Request, Fault>>()
  const injected: Partial<Record<Fault['kind'], number>> = {}
  const hookOf = (rule: Rule): FaultHook<Request, Fault> => {
    const { nth, times = Number.POSITIVE_INFINITY, rate = 1, fault } = rule
    let [seen, fired] = [0, 0]
    return (request) => {
      if (!picks(rule, request)) return undefined
      seen++
      if (fired >= times || !includes(nth, seen) || (rate < 1 && random.next() >= rate)) return undefined
      fired++
      return fault
    }
  }
  const add = (rule: Rule | FaultHook<Request, Fault>): (() => void) => {
    const hook = typeof rule === 'function' ? rule : hookOf(rule)
    hooks.add(hook)
    return () => void hooks.delete(hook)
  }
  for (const rule of typeof initial === 'function' ? [initial] : initial) add(rule)
  return {
    add,
    clear: () => hooks.clear(),
    injected: () => ({ ...injected }),
    get isEmpty() {
      return hooks.size === 0
    },
    next(request) {
      let chosen: Fault | undefined
      // Every hook sees every request, so that a rule's count does not depend on the other rules.
      for (const hook of hooks) {
        const fault = hook(request)
        chosen ??= fault
      }
      if (chosen !== undefined) {
        const kind: Fault['kind'] = chosen.kind
        injected[kind] = (injected[kind] ?? 0) + 1
      }
      return chosen
    },
  }
}

/** Absent means any. */
export function includes<T extends string | number>(wanted: T | readonly T[] | undefined, value: T): boolean {
  if (wanted === undefined) return true
  return typeof wanted === 'object' ? wanted.includes(value) : wanted === value
}
