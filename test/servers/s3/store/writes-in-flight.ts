export interface WriteInFlight {
  readonly overtakenByDelete: boolean
  end(): void
}

interface Entry {
  readonly bucket: string
  readonly key: string
  overtakenByDelete: boolean
}

/**
 * Requests whose body is still arriving. S3 refuses a conditional write with 409 when the key was deleted after the write had
 * begun: it can't tell any more which of the two came first.
 */
export class WritesInFlight {
  readonly #entries = new Set<Entry>()

  begin(bucket: string, key: string): WriteInFlight {
    const entry: Entry = { bucket, key, overtakenByDelete: false }
    this.#entries.add(entry)
    return {
      get overtakenByDelete() {
        return entry.overtakenByDelete
      },
      end: () => void this.#entries.delete(entry),
    }
  }

  deleted(bucket: string, key: string): void {
    for (const entry of this.#entries) {
      if (entry.bucket === bucket && entry.key === key) entry.overtakenByDelete = true
    }
  }
}
