/** What a group knows of a source. */
export interface GroupMember {
  /** The minimum over the splits that it reads; infinite while nothing of it counts: it is idle, or has ended. */
  readonly ownLowest: number
  /** Called when it may read more than before. */
  wake(): void
}

/**
 * Sources that do not run away from each other in event time. The slowest split of all is never ahead of the group, so
 * something can always be read. What waits for its turn (a split behind its parents) does not count: a parent would
 * wait for its own child, by way of another source.
 */
export class AlignmentGroup {
  private readonly members: GroupMember[] = []
  private low = Number.POSITIVE_INFINITY

  /** The lowest watermark of a split that any member reads. A split that has said nothing yet holds all the others. */
  get lowest(): number {
    return this.low
  }

  join(member: GroupMember): void {
    this.members.push(member)
    this.update()
  }

  /** After a change of a member's lowest. */
  update(): void {
    let low = Number.POSITIVE_INFINITY
    for (const { ownLowest } of this.members) if (ownLowest < low) low = ownLowest
    const rises = low > this.low
    this.low = low
    if (rises) for (const member of this.members) member.wake()
  }
}
