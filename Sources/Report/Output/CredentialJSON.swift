import Bytes
import Evidence
import Timeline

/// Credentials that somebody else used, as `incident.json` has them.
enum CredentialJSON {
  static func append(_ facts: CredentialFacts, to json: inout JSONWriter) {
    json.object { json in
      json.field("access_key", facts.key)
      json.field("identity_type", facts.type)
      json.field("principal_id", facts.principal)
      json.field("role", facts.role)
      json.field("user", facts.user)
      json.field("instance", facts.instance)
      json.field("account", facts.account)
      json.field("ec2_role_delivery", facts.delivery)
      json.field("used_from", array: { json in for place in facts.places { append(place, to: &json) } })
      json.field("calls", array: { json in for call in facts.calls.prefix(500) { append(call, to: &json) } })
      json.field("measures", array: { json in for measure in facts.measures { append(measure, to: &json) } })
      json.field("revoked", facts.revoked?.time?.description)
      json.field("first_refused", facts.firstRefused?.description)
      json.field("answered_after_revoking", facts.answeredAfter)
      json.field("instance_restarted", facts.isRestarted)
      json.field("instance_rebooted", facts.isRebooted)
    }
  }

  static func append(_ place: CredentialFacts.Place, to json: inout JSONWriter) {
    json.object { json in
      json.field("address", place.address)
      json.field("elsewhere", place.isElsewhere)
      json.field("first", place.first?.description)
      json.field("last", place.last?.description)
      json.field("calls", place.calls)
      json.field("refused", place.denied)
    }
  }

  private static func append(_ call: CredentialFacts.Call, to json: inout JSONWriter) {
    json.object { json in
      json.field("service", call.service)
      json.field("name", call.name)
      json.field("count", call.count)
      json.field("first", call.first?.description)
      json.field("error", call.error)
    }
  }

  private static func append(_ measure: CredentialFacts.Measure, to json: inout JSONWriter) {
    json.object { json in
      json.field("kind", measure.kind.rawValue)
      json.field("time", measure.time?.description)
      json.field("subject", measure.subject)
      json.field("evidence", array: { json in FindingsFile.append(measure.evidence, to: &json) })
    }
  }
}
