/** What the child process serves. */
export type ServerCase =
  | { readonly kind: 'bare'; readonly recordBytes: number; readonly pageRecords: number }
  | { readonly kind: 'local'; readonly directory?: string; readonly fsync?: boolean }
