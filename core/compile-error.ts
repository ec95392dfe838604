declare const mistake: unique symbol

/** Nothing has this type: where it is expected, the compiler prints `Message` instead of a riddle. */
export interface CompileError<out Message extends string> {
  readonly [mistake]: Message
}
