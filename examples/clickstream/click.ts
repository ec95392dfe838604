export interface Click {
  readonly user: string
  readonly device: 'phone' | 'tablet' | 'desktop'
  readonly action: string
  /** Epoch milliseconds. */
  readonly at: number
}
