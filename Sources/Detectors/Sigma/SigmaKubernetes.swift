import Bytes
import Evidence

extension SigmaTaxonomy {
  /// As the audit log of a Kubernetes API server calls them.
  static let kubernetes: [String: [String]] = [
    "requestURI": ["uri"], "objectRef.resource": ["resource"], "objectRef.subresource": ["subresource"],
    "objectRef.namespace": ["namespace"], "objectRef.name": ["object_name"], "objectRef.apiGroup": ["api_group"],
    "apiGroup": ["api_group"], "user.username": ["user"], "user.groups": ["groups"], "user.uid": ["user_uid"],
    "user.extra": ["user_extra"], "impersonatedUser.username": ["impersonated_user"],
    "impersonatedUser.groups": ["impersonated_groups"], "impersonatedUser.uid": ["impersonated_uid"],
    "impersonatedUser.extra": ["impersonated_extra"], "sourceIPs": ["source_addresses"],
    "userAgent": ["user_agent"], "responseStatus.code": ["response_code"],
    "responseStatus.reason": ["response_reason"], "responseStatus.message": ["response_message"],
    "auditID": ["audit_id"], "requestObject": ["request_object"], "responseObject": ["response_object"],
    "stageTimestamp": ["stage_time"], "verb": ["verb"], "stage": ["stage"], "level": ["level"],
    "annotations": ["annotations"], "decision": ["decision"],
    // Of what is to be made, wherever it stands in it.
    "hostPath": [], "capabilities": [],
  ]
  static let kubernetesObjects = [
    "requestObject": "request_object", "responseObject": "response_object", "annotations": "annotations",
  ]
  /// Fields that are members of the object in a request, at whatever depth.
  static let kubernetesMembers: Set<String> = ["hostPath", "capabilities"]
}

extension SigmaRecord {
  /// A member of the object that a request brings, at whatever depth it stands; nil where there is none.
  func innerMember(_ name: String) -> [String]? {
    guard let text = event.text("request_object") else { return nil }
    return text.withView { view in
      guard "\"\(name)\"".withView({ view.firstIndex(of: $0) }) != nil else { return nil }
      var found: [String] = []
      var waiting = [(place: JSONView(view), depth: 0)]
      while let (place, depth) = waiting.popLast(), found.count < 1000, waiting.count < 100_000 {
        guard depth < 32 else { continue }
        if place.kind == .array { waiting += place.elements.prefix(1000).map { ($0, depth + 1) } }
        place.forEachMember { key, value in
          if key.string == name { found += [value.text].compactMap { $0 } }
          waiting.append((value, depth + 1))
          return true
        }
      }
      return found.isEmpty ? nil : found
    }
  }
}
