import Evidence

/// Kernel modules that memory shows and `lsmod` did not.
///
/// A module that was loaded for taking the image is gone afterwards, and a listing from before the image cannot have what was
/// loaded since: those say nothing. Otherwise modules are unloaded so seldom that the absence is worth a look, at medium
/// severity; that a module is in no list of the kernel is another rule's, and certain.
enum HiddenModuleCheck {
  /// What takes images of memory.
  private static let collectors = ["lime", "pmem", "fmem", "crash", "avml", "winpmem", "mdr_lime"]

  static func findings(_ pair: CapturePair) -> [Finding] {
    guard
      let list = pair.captures.filter({ !pair.damaged.contains($0.artifact) }).max(by: {
        ($0.facts.modules.count, $1.artifact) < ($1.facts.modules.count, $0.artifact)
      }), list.facts.modules.count >= 3
    else { return [] }
    let shown = Set(list.facts.modules.map { normal($0.name) })
    let inMemory = pair.memory.facts.modules
    let agreed = inMemory.filter { shown.contains(normal($0.name)) }
    guard agreed.count * 2 >= inMemory.count, (pair.gap ?? -1) >= 0 else { return [] }
    return inMemory.compactMap { module in
      let name = normal(module.name)
      guard !shown.contains(name), !collectors.contains(where: { name.hasPrefix($0) }) else { return nil }
      var finding = Finding(
        rule: "contradiction.hidden-module", title: "Kernel module that lsmod did not show", severity: .medium,
        confidence: .medium, attack: ["T1014", "T1547.006"],
        evidence: [
          EvidenceReference(artifact: pair.memory.artifact, locator: module.locator), pair.absence(in: list),
        ],
        message:
          "The kernel module \(module.name) is loaded in the memory taken at \(pair.acquired), and the machine's own "
          + "lsmod, run after that, does not show it. Modules are seldom unloaded.")
      finding.attributes.add("module", module.name)
      return finding
    }
  }

  /// The kernel writes `_` where files have `-`.
  private static func normal(_ name: String) -> String { name.lowercased().replacing("-", with: "_") }
}
