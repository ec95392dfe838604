import type { LeafStore } from './leaf-table.js'

/** Every space is a `Map`: small ones, because a `Map` that grows is rehashed in one go. */
export const HEAP_LEAVES: LeafStore = Object.freeze({ openMap: () => new Map() })
