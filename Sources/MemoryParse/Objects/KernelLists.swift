/// The kernel's containers, walked so that a damaged or cyclic one ends and says so.

/// What a walk over a `list_head` met.
struct ListWalk {
  /// Addresses of the links, not of their structures, in order.
  var links: [UInt64]
  /// The walk came back to its head.
  var isWhole: Bool
}

extension Kernel {
  /// More entries than any list that is read here has.
  static let listLimit = 1 << 18

  /// Follows `next`, or `prev`, from a list's head.
  func walk(_ head: UInt64, backward: Bool = false) -> ListWalk {
    var walk = ListWalk(links: [], isWhole: false)
    var seen: Set<UInt64> = [head]
    let step: UInt64 = backward ? 8 : 0
    var place = head
    while walk.links.count < Self.listLimit {
      guard let raw = space.u64(place &+ step) else { return walk }
      let next = space.tables.canonical(raw)
      if next == head {
        walk.isWhole = true
        return walk
      }
      guard isKernelAddress(next), next & 7 == 0, seen.insert(next).inserted else { return walk }
      walk.links.append(next)
      place = next
    }
    return walk
  }

  /// The links of a list from both ends: where it is torn, the backward walk gives what lies behind the tear.
  func list(_ head: UInt64) -> ListWalk {
    var forward = walk(head)
    if forward.isWhole { return forward }
    let seen = Set(forward.links)
    forward.links += walk(head, backward: true).links.reversed().filter { !seen.contains($0) }
    return forward
  }

  /// The structures of a list: each address less the place of its link.
  func list(_ head: UInt64?, of link: Member?) -> [UInt64] {
    guard let head, let link else { return [] }
    return list(head).links.map { $0 &- UInt64(link.offset) }
  }

  /// A chain of `hlist_node` or `hlist_nulls_node` from its first node; the end is NULL or an odd value.
  func chain(from first: UInt64?, limit: Int = 1 << 16) -> [UInt64] {
    guard let first else { return [] }
    var nodes: [UInt64] = []
    var seen: Set<UInt64> = []
    var place = space.tables.canonical(first)
    while isKernelAddress(place), place & 7 == 0, nodes.count < limit, seen.insert(place).inserted {
      nodes.append(place)
      guard let next = space.u64(place) else { break }
      place = space.tables.canonical(next)
    }
    return nodes
  }

  /// Nodes of a red-black tree in order. Iterative, so that a cycle or a deep chain ends.
  func tree(root: UInt64?, limit: Int = 1 << 16) -> [UInt64] {
    let left = member("rb_node", "rb_left")
    let right = member("rb_node", "rb_right")
    var nodes: [UInt64] = []
    var seen: Set<UInt64> = []
    var above: [UInt64] = []
    var place = root.flatMap { isKernelAddress($0) ? $0 : nil }
    while place != nil || !above.isEmpty {
      if let node = place {
        guard seen.insert(node).inserted, seen.count <= limit else {
          place = nil
          continue
        }
        above.append(node)
        place = pointer(node, left)
      } else if let node = above.popLast() {
        nodes.append(node)
        place = pointer(node, right)
      }
    }
    return nodes
  }
}
