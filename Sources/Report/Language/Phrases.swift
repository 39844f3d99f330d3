import Evidence
import Timeline

/// Languages that a report can be written in.
public enum Language: String, Sendable, CaseIterable {
  case english = "en"
  case korean = "ko"
}

/// Says phrases and labels in one language.
struct Phrases {
  let language: Language

  init(_ language: Language) { self.language = language }

  /// The sentence with its facts put in: `{0}` is the first argument, `{*}` the parts, listed. What stands in brackets is
  /// left out where a fact that it names is not known.
  func text(_ phrase: Phrase) -> String {
    let template = language == .korean ? Self.korean(phrase.key) : Self.english(phrase.key)
    var out = ""
    var rest = Substring(template)
    while let open = rest.firstIndex(of: "["), let close = rest[open...].firstIndex(of: "]") {
      out += fill(rest[..<open], phrase)
      let inside = rest[rest.index(after: open)..<close]
      if isKnown(inside, phrase) { out += fill(inside, phrase) }
      rest = rest[rest.index(after: close)...]
    }
    return out + fill(rest, phrase)
  }

  private func isKnown(_ template: Substring, _ phrase: Phrase) -> Bool {
    for number in 0..<9 where template.contains("{\(number)}") {
      guard phrase.arguments.indices.contains(number), !phrase.arguments[number].isEmpty else { return false }
    }
    return true
  }

  private func fill(_ template: Substring, _ phrase: Phrase) -> String {
    var out = ""
    var rest = template
    while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
      out += rest[..<open]
      let name = rest[rest.index(after: open)..<close]
      if name == "*" {
        out += list(phrase.parts.map { text($0) })
      } else if let number = Int(name), phrase.arguments.indices.contains(number) {
        let argument = phrase.arguments[number]
        // A case need not name its host.
        let host = language == .korean ? "대상" : out.isEmpty ? "The host" : "the host"
        out += argument == "?" ? host : argument
      } else {
        out += "?"
      }
      rest = rest[rest.index(after: close)...]
    }
    return out + rest
  }

  func list(_ parts: [String]) -> String {
    // Inside a sentence an instruction does not begin with a capital.
    let parts = language == .korean ? parts : parts.map { $0.prefix(1).lowercased() + $0.dropFirst() }
    guard parts.count > 1, let last = parts.last else { return parts.first ?? "" }
    let rest = parts.dropLast().joined(separator: ", ")
    return language == .korean ? rest + ", " + last : rest + (parts.count > 2 ? "," : "") + " and " + last
  }

  func label(_ label: Label) -> String { language == .korean ? label.korean : label.english }

  func severity(_ severity: Severity) -> String {
    guard language == .korean else { return severity.rawValue }
    return switch severity {
    case .informational: "정보"
    case .low: "낮음"
    case .medium: "보통"
    case .high: "높음"
    case .critical: "심각"
    }
  }

  func confidence(_ confidence: Confidence) -> String {
    guard language == .korean else { return confidence.rawValue }
    return switch confidence {
    case .low: "낮음"
    case .medium: "보통"
    case .high: "높음"
    }
  }

  func status(_ status: Step.Status) -> String {
    switch (status, language) {
    case (.observed, .english): "observed"
    case (.inferred, .english): "inferred"
    case (.missing, .english): "source missing"
    case (.observed, .korean): "확인됨"
    case (.inferred, .korean): "추정"
    case (.missing, .korean): "자료 없음"
    }
  }

  func source(_ source: Source) -> String {
    let words: (String, String) =
      switch source {
      case .waf: ("AWS WAF", "AWS WAF")
      case .web: ("Web server", "웹 서버")
      case .memory: ("Memory", "메모리")
      case .capture: ("Live listing", "실시간 수집")
      case .shell: ("Shell commands", "셸 명령")
      case .linuxLog: ("Linux logs", "리눅스 로그")
      case .flow: ("VPC flow", "VPC 흐름")
      case .cloudTrail: ("CloudTrail", "CloudTrail")
      case .guardDuty: ("GuardDuty", "GuardDuty")
      case .file: ("Files", "파일")
      case .other: ("Other", "기타")
      }
    return language == .korean ? words.1 : words.0
  }

  func group(_ group: ResponseAction.Group) -> String {
    let words: (String, String) =
      switch group {
      case .preserve: ("Preserve", "보존")
      case .isolate: ("Isolate", "격리")
      case .revoke: ("Revoke", "폐기")
      case .rotate: ("Rotate", "교체")
      case .block: ("Block", "차단")
      case .recover: ("Recover", "복구")
      }
    return language == .korean ? words.1 : words.0
  }
}

extension Phrases {
  /// The key beside an exposed secret and where it was used; empty where no key is known.
  func uses(of exposure: Exposure) -> String {
    guard let key = exposure.accessKey else { return "" }
    let places = exposure.uses.prefix(8).map { place in
      "\(place.address) ×\(place.calls)" + (place.isElsewhere ? " ⚠" : "")
        + (place.first.map { " (\($0) – \(place.last ?? $0))" } ?? "")
    }
    let more = exposure.uses.count > 8 ? ", …" : ""
    return "\(key): \(places.isEmpty ? "–" : places.joined(separator: ", "))\(more)"
  }
}
