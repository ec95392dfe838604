/** ES2024; Node has it since 20. */
interface WellFormedCheck {
  isWellFormed(): boolean
}

/** Whether every surrogate has its partner: only such strings have a UTF-8 form of their own. */
export function isWellFormed(text: string): boolean {
  // The compiler's library is ES2023, one edition before the method.
  return (text as unknown as WellFormedCheck).isWellFormed()
}
