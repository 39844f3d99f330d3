/// Rules by what others call them: their id or their name. A set may have thousands that name each other.
struct SigmaNames {
  private var places: [String: [Int]] = [:]

  init(_ headers: some Sequence<SigmaHeader>) {
    for (place, header) in headers.enumerated() { add(header, place) }
  }

  mutating func add(_ header: SigmaHeader, _ place: Int) {
    let keys = Set([header.id, Self.folded(header.id), header.name ?? header.id])
    for key in keys { places[key, default: []].append(place) }
  }

  /// Places of the rules that are meant, in their order.
  subscript(_ reference: String) -> [Int] { places[reference] ?? places[Self.folded(reference)] ?? [] }

  /// The digits of a UUID may be large or small; names are as they are written.
  static func folded(_ id: String) -> String { id.utf8.count == 36 ? id.lowercased() : id }
}
