import type { Stream } from '../../core/index.js'

export type Same<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false
export type ValueOf<S> = S extends Stream<infer T> ? T : never
/** Compiles where the type is true. */
export function yes<_T extends true>(): void {}
