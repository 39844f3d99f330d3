import Evidence

/// What a command sends away and where to.
struct Upload {
  /// Keys, password hashes, what lets one in elsewhere.
  var isSecret = false
  /// An archive or a dump, or made one by what is piped in.
  var isArchive = false
  /// Made in the same line, in a directory that everyone may write to or under a hidden name.
  var isFresh = false
  /// The far end is a bare number outside of the private networks.
  var isPublic = false
  /// The far end is within the private networks.
  var isPrivate = false
  var isBackup = false
  /// The far end is a bucket or a service.
  var isCloud = false

  /// Severity by certainty: secrets and loot just packed have no innocent reading when they go to a stranger; a backup to a place
  /// of one's own is everybody's.
  var severity: Severity? {
    if isSecret { return isPrivate || isBackup ? .medium : .high }
    if isFresh { return isPublic ? .high : isBackup || isPrivate ? .low : .medium }
    if isArchive { return isPublic ? .medium : .informational }
    return isPublic ? .low : isCloud ? .informational : nil
  }
}
