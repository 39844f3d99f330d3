import Bytes

/// What a policy in a call's parameters allows, and to whom.
extension CloudParameters {
  enum Openness: Comparable { case toKnown, toForeign, toAll }

  /// Conditions by which "everyone" is only those of one's own organization or network.
  private static let narrowing: [StaticString] = [
    "aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:PrincipalAccount", "aws:PrincipalArn", "aws:SourceAccount",
    "aws:SourceArn", "aws:SourceOrgID", "aws:SourceVpc", "aws:SourceVpce", "aws:VpcSourceIp", "aws:SourceIp",
    "aws:userid", "kms:CallerAccount",
  ]

  /// To whom a policy allows something, at most: everyone, or another account than this. One that denies it to everyone
  /// (without TLS, say) opens nothing.
  func policyOpens(besides account: String?) -> Openness? {
    var found: Openness?
    forEachAllowing { statement in
      if let one = Self.openness(statement, account) { found = max(found ?? one, one) }
      return found != .toAll
    }
    return found
  }

  private static func openness(_ statement: JSONView, _ account: String?) -> Openness? {
    guard let principal = member(statement, "Principal") else {
      return member(statement, "NotPrincipal") == nil ? nil : .toAll
    }
    let condition = member(statement, "Condition")
    if holds(principal, ["*"]) || member(principal, "AWS").map({ holds($0, ["*"]) }) == true {
      let isNarrowed =
        condition.map { condition in
          search(condition) { name, value in
            narrowing.contains { name.equalsIgnoringCase($0) } && !holds(value, ["0.0.0.0/0", "*"])
          }
        } ?? false
      return isNarrowed ? .toKnown : .toAll
    }
    guard let account, let named = member(principal, "AWS"), isForeign(named, account) else { return nil }
    // Accounts share single things all the time, and let each other's services in under conditions.
    let isAll = member(statement, "Action").map { holds($0, ["*", "*:*", "s3:*", "kms:*", "sts:AssumeRole"]) } ?? false
    return isAll && condition == nil ? .toForeign : .toKnown
  }

  /// `999988887777` and `arn:aws:iam::999988887777:root` are of that account.
  private static func isForeign(_ principal: JSONView, _ account: String) -> Bool {
    let names = principal.kind == .array ? Array(principal.elements.prefix(1000)) : [principal]
    return names.contains { name in
      guard let raw = name.rawString else { return false }
      let number = raw.hasPrefix("arn:") ? raw.split(0x3A, limit: 6).dropFirst(4).first : raw
      guard let number, number.count == 12, (0..<12).allSatisfy({ (0x30...0x39).contains(number[$0]) }) else {
        return false
      }
      return account.withView { !(number == $0) }
    }
  }

  /// Whether a policy allows every call there is.
  var policyAllowsEverything: Bool {
    var isFound = false
    forEachAllowing { statement in
      isFound = Self.member(statement, "Action").map { Self.holds($0, ["*", "*:*"]) } ?? false
      return !isFound
    }
    return isFound
  }

  /// Statements that allow, until the body returns false. Without an effect it is taken for one that does.
  private func forEachAllowing(_ body: (JSONView) -> Bool) {
    // So many that nobody reads them.
    var left = 512
    Self.search(root) { name, value in
      guard name.equalsIgnoringCase("Statement") else { return false }
      let statements = value.kind == .array ? value.elements.prefix(left) : [value][...]
      left -= statements.count
      return statements.contains { statement in
        let isDenial = Self.member(statement, "Effect").map { Self.holds($0, ["Deny"]) } ?? false
        return statement.kind == .object && !isDenial && !body(statement)
      } || left <= 0
    }
  }
}
