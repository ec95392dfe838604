/** All entries of keyed state. `read` gives the bytes of an object by its name. */
export function readKeyedState(read: (name: string) => Uint8Array | undefined): object[]
