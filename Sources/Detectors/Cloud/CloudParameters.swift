import Bytes

/// What a call's parameters say, however they are spaced, also where a policy stands in them as text.
///
/// Names are compared without regard to case: the same parameter is `httpTokens` in one call and `HttpTokens` in another.
struct CloudParameters {
  /// A policy's statements lie six levels deep, within a text three more.
  private static let maximumDepth = 12

  let root: JSONView

  /// - Parameter text: exactly what the parameters are, also where a limit cut their end.
  init(_ text: ByteView) { root = JSONView(whole: text.trimmed) }

  /// Visits every member, whatever it lies in, until the body returns true; says whether it did.
  @discardableResult
  static func search(
    _ value: JSONView, depth: Int = 0, _ body: (_ name: ByteView, _ value: JSONView) -> Bool
  ) -> Bool {
    guard depth < maximumDepth else { return false }
    var isFound = false
    switch value.kind {
    case .object:
      value.forEachMember { name, member in
        isFound = body(name, member) || search(member, depth: depth + 1, body)
        return !isFound
      }
    case .array:
      value.forEachElement { element in
        isFound = search(element, depth: depth + 1, body)
        return !isFound
      }
    case .string:
      // A document within the document.
      guard let raw = value.rawString, raw.firstIndex(of: 0x7B) != nil else { return false }
      let inner = value.hasEscapes ? JSONView.unescape(raw) : raw.array
      isFound = inner.withView { inner in
        let inner = inner.trimmed
        return inner[0] == 0x7B && search(JSONView(whole: inner), depth: depth + 3, body)
      }
    default: break
    }
    return isFound
  }

  /// Whether a value is one of these texts, or a list that holds one.
  static func holds(_ value: JSONView, _ texts: [StaticString]) -> Bool {
    if let raw = value.rawString { return texts.contains { raw.equalsIgnoringCase($0) } }
    var isFound = false
    value.forEachElement { element in
      isFound = element.rawString.map { raw in texts.contains { raw.equalsIgnoringCase($0) } } ?? false
      return !isFound
    }
    return isFound
  }

  /// Whether a member of one of these names is one of these texts: `"x-amz-acl": ["public-read"]`.
  func has(_ names: [StaticString], of texts: [StaticString]) -> Bool {
    Self.search(root) { name, value in names.contains { name.equalsIgnoringCase($0) } && Self.holds(value, texts) }
  }

  /// Whether a member of one of these names is false, also as text.
  func isFalse(_ names: [StaticString]) -> Bool {
    Self.search(root) { name, value in
      names.contains { name.equalsIgnoringCase($0) }
        && (value.bool == false || value.rawString?.equalsIgnoringCase("false") == true)
    }
  }

  /// Whether a member of one of these names is true, also as text.
  func isTrue(_ names: [StaticString]) -> Bool {
    Self.search(root) { name, value in
      names.contains { name.equalsIgnoringCase($0) }
        && (value.bool == true || value.rawString?.equalsIgnoringCase("true") == true)
    }
  }

  func isNumber(_ wanted: StaticString, below limit: Int64) -> Bool {
    Self.search(root) { name, value in name.equalsIgnoringCase(wanted) && value.integer.map { $0 < limit } ?? false }
  }

  /// Whether a bucket's objects are deleted before so many days have passed; moving them to a cheaper place deletes nothing.
  func expires(within days: Int64) -> Bool {
    Self.search(root) { name, value in
      name.equalsIgnoringCase("Expiration") && Self.member(value, "Days")?.integer.map { $0 < days } ?? false
    }
  }

  func isEmptyList(_ wanted: StaticString) -> Bool {
    Self.search(root) { name, value in
      name.equalsIgnoringCase(wanted) && value.kind == .array && value.elements.isEmpty
    }
  }

  /// Whether an element of the list that a member is holds both: `{"key": "access_logs.s3.enabled", "value": "false"}`.
  func hasElement(
    of list: StaticString, where first: StaticString, holds text: StaticString, and second: StaticString,
    holds other: StaticString
  ) -> Bool {
    Self.search(root) { name, value in
      guard name.equalsIgnoringCase(list), value.kind == .array else { return false }
      return value.elements.prefix(1000).contains { element in
        func says(_ name: StaticString, _ text: StaticString) -> Bool {
          Self.member(element, name).map {
            Self.holds($0, [text]) || $0.text.map { $0 == String(describing: text) } == true
          }
            ?? false
        }
        return says(first, text) && says(second, other)
      }
    }
  }

  static func member(_ object: JSONView, _ wanted: StaticString) -> JSONView? {
    var found: JSONView?
    object.forEachMember { name, value in
      if name.equalsIgnoringCase(wanted) { found = value }
      return found == nil
    }
    return found
  }

  func hasMember(_ wanted: StaticString) -> Bool {
    Self.search(root) { name, value in name.equalsIgnoringCase(wanted) && value.kind != .null }
  }

  /// Whether a member names an account, and not this one.
  func names(_ wanted: StaticString, otherThan account: String?) -> Bool {
    guard let named = text(wanted), let account else { return false }
    return named.utf8.count == 12 && named != account
  }

  /// A member's text.
  func text(_ wanted: StaticString) -> String? {
    var found: String?
    Self.search(root) { name, value in
      if name.equalsIgnoringCase(wanted) { found = value.string }
      return found != nil
    }
    return found
  }

  // MARK: Sharing

  enum Sharing { case withSome, withAll }

  /// Whom a snapshot or an image is given to; nil where it is only taken from somebody.
  var sharing: Sharing? {
    if let found = Self.grant(root, isGiven: false, depth: 0) { return found }
    // The older way says what is done beside whom it is done for.
    guard has(["operationType"], of: ["add"]) else { return nil }
    if has(["userGroups", "userGroup", "groups", "group", "groupNames"], of: ["all"]) { return .withAll }
    return hasMember("userId") || hasMember("userIds") ? .withSome : nil
  }

  /// In one pass: every text below `add` and `valuesToAdd` names somebody.
  private static func grant(_ value: JSONView, isGiven: Bool, depth: Int) -> Sharing? {
    guard depth < maximumDepth else { return nil }
    if let raw = value.rawString {
      return isGiven && !raw.isEmpty ? raw.equalsIgnoringCase("all") ? .withAll : .withSome : nil
    }
    var found: Sharing?
    func take(_ one: Sharing?) -> Bool {
      found = one == .withAll ? one : found ?? one
      return found != .withAll
    }
    if value.kind == .object {
      value.forEachMember { name, member in
        let gives = isGiven || name.equalsIgnoringCase("add") || name.equalsIgnoringCase("valuesToAdd")
        return take(grant(member, isGiven: gives, depth: depth + 1))
      }
    } else {
      value.forEachElement { take(grant($0, isGiven: isGiven, depth: depth + 1)) }
    }
    return found
  }
}
