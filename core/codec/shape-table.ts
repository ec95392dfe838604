import { MAX_SHAPE_KEYS, MAX_SHAPES } from './format.js'

export interface Shape {
  readonly id: number
  readonly keys: readonly string[]
  /** The shape of the object that came next, the last time: state is regular, so it mostly comes next again. */
  next: Shape | undefined
}

interface Branch {
  shape: Shape | undefined
  readonly branches: Map<string, Branch>
}

const newBranch = (): Branch => ({ shape: undefined, branches: new Map() })

/** The lists of keys that objects of one encoding have. */
export class ShapeTable {
  private readonly root = newBranch()
  private count = 0
  private last: Shape | undefined
  /** Whether the last `lookup` returned a shape that was new. */
  wasNew = false

  /** Undefined for an object that is written key by key. */
  lookup(keys: readonly string[]): Shape | undefined {
    const predicted = this.last?.next
    if (predicted !== undefined && sameKeys(predicted.keys, keys)) {
      this.wasNew = false
      this.last = predicted
      return predicted
    }
    if (keys.length > MAX_SHAPE_KEYS) return undefined
    const shape = this.find(keys)
    if (shape === undefined) return undefined
    if (this.last !== undefined) this.last.next = shape
    this.last = shape
    return shape
  }

  private find(keys: readonly string[]): Shape | undefined {
    let branch = this.root
    for (const key of keys) {
      let following = branch.branches.get(key)
      if (following === undefined) {
        if (this.count === MAX_SHAPES) return undefined
        following = newBranch()
        branch.branches.set(key, following)
      }
      branch = following
    }
    this.wasNew = branch.shape === undefined
    if (branch.shape === undefined && this.count < MAX_SHAPES) {
      branch.shape = { id: this.count++, keys, next: undefined }
    }
    return branch.shape
  }
}

function sameKeys(left: readonly string[], right: readonly string[]): boolean {
  if (left.length !== right.length) return false
  for (let index = 0; index < left.length; index++) if (left[index] !== right[index]) return false
  return true
}
