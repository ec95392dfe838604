/** After everything. */
export const AFTER_ALL = Date.UTC(2030, 0, 1)
/** How many numbers a subtask lets go together. */
export const HELD = 5
/** How many subtasks hear of each broadcast element. */
export const HEARERS = 2

/** Events that functions fail at: for good, with or without a dead letter, or once. */
export const isSkipped = (n: number): boolean => n % 7 === 3
export const isDead = (n: number): boolean => n % 11 === 2
export const isTriedAgain = (n: number): boolean => n % 5 === 1
export const isPoison = (n: number): boolean => n % 13 === 5
