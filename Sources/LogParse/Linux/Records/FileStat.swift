import Evidence

/// A file with its four times, as a bodyfile and `stat` tell them.
struct FileStat {
  var path: String
  var attributes: [Attribute] = []
  var modified: Timestamp?
  var accessed: Timestamp?
  /// Of its metadata.
  var changed: Timestamp?
  var created: Timestamp?

  /// One event for each distinct time; `macb` says which of the four it is, in mactime's letters and order.
  func events(_ locator: Locator) -> [Event] {
    let told: [(time: Timestamp?, letter: Int, meaning: TimeMeaning, words: String)] = [
      (modified, 0, .modification, "was written"), (accessed, 1, .access, "was read"),
      (changed, 2, .change, "had its metadata changed"), (created, 3, .creation, "was created"),
    ]
    let names: [Character] = ["m", "a", "c", "b"]
    var times: [(time: Timestamp, letters: [Character], meaning: TimeMeaning, words: [String])] = []
    for (time, letter, meaning, words) in told {
      guard let time else { continue }
      if let same = times.firstIndex(where: { $0.time == time }) {
        times[same].letters[letter] = names[letter]
        times[same].words.append(words)
      } else {
        var shown: [Character] = [".", ".", ".", "."]
        shown[letter] = names[letter]
        times.append((time, shown, meaning, [words]))
      }
    }
    if times.isEmpty {
      return [
        Event(
          time: nil, dataType: "fs:stat", message: "\(path) has no times.", entities: [Entity(.file, path)],
          attributes: attributes, locator: locator)
      ]
    }
    return times.map { time, letters, meaning, words in
      Event(
        time: time, meaning, dataType: "fs:stat", message: "\(path) \(words.joined(separator: ", ")).",
        entities: [Entity(.file, path)], attributes: attributes + [Attribute("macb", String(letters))],
        locator: locator)
    }
  }
}
