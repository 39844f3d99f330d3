extension Ingest.Summary {
  /// Sums up several sources.
  public mutating func add(_ other: Ingest.Summary) {
    files += other.files
    stored += other.stored
    byteCount &+= other.byteCount
    gaps += other.gaps
    restored += other.restored
    isInterrupted = isInterrupted || other.isInterrupted
  }
}
