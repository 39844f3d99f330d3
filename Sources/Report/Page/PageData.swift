import Bytes
import Evidence
import Timeline

/// What the page's script reads: events in columns, with long repeated texts as numbers into lists.
enum PageData {
  static func json(_ report: ReportModel, _ phrases: Phrases) -> [UInt8] {
    var types = Numbered<String>()
    var artifacts = Numbered<Digest>()
    var entities = Numbered<Entity>()
    var tags = Numbered<String>()
    let rows = report.rows
    let first = rows.first.map { micro($0.key.nanoseconds) } ?? 0
    var json = JSONWriter()
    json.object { json in
      json.field(
        "events",
        object: { json in
          json.field("first", first)
          json.field(
            "time",
            array: { json in
              var last = first
              for row in rows {
                let time = micro(row.key.nanoseconds)
                json.value(time - last)
                last = time
              }
            })
          json.field("source", array: { json in for row in rows { json.value(row.source.order) } })
          json.field("type", array: { json in for row in rows { json.value(types.number(row.dataType)) } })
          json.field("weight", array: { json in for row in rows { json.value(Int(row.relevance)) } })
          json.field("artifact", array: { json in for row in rows { json.value(artifacts.number(row.key.artifact)) } })
          json.field(
            "also",
            object: { json in
              for (number, row) in rows.enumerated() where !row.also.isEmpty {
                json.field(
                  String(number),
                  array: { json in
                    for place in row.also {
                      json.array { json in
                        json.value(artifacts.number(place.artifact))
                        json.value(place.locator.text)
                      }
                    }
                  })
              }
            })
          json.field("message", array: { json in for row in rows { json.value(row.message) } })
          json.field("place", array: { json in for row in rows { json.value(row.locator) } })
          json.field(
            "entities",
            array: { json in
              for row in rows { json.array { json in for one in row.entities { json.value(entities.number(one)) } } }
            })
          json.field(
            "tags",
            array: { json in
              for row in rows {
                if row.tags.isEmpty {
                  json.value(0)
                } else {
                  json.array { json in for tag in row.tags { json.value(tags.number(tag)) } }
                }
              }
            })
        })
      json.field("types", types.values)
      json.field("entities", entities.values.map(\.text))
      json.field("tags", tags.values)
      json.field(
        "artifacts",
        array: { json in
          for digest in artifacts.values {
            json.array { json in
              json.value(digest.hex)
              json.value(report.byDigest[digest]?.name ?? "")
            }
          }
        })
      json.field("sources", Source.allCases.map { phrases.source($0) })
      density(report.density, &json)
      if let from = report.incident.first, let until = report.incident.last {
        json.field(
          "incident",
          array: { json in
            json.value(from.microseconds)
            json.value(until.microseconds)
          })
      }
      json.field(
        "steps",
        array: { json in
          for step in report.incident.steps {
            guard let time = step.first else { continue }
            json.array { json in
              json.value(time.microseconds)
              json.value(phrases.text(step.title))
            }
          }
        })
      json.field(
        "words",
        object: { json in
          for label in [
            Label.eventsShown, .allSources, .artifact, .locator, .entities, .rule, .kind, .copy, .copied, .time,
            .source,
            .nothingSelected, .alsoIn,
          ] { json.field(label.rawValue, phrases.label(label)) }
        })
    }
    return json.bytes
  }

  private static func density(_ density: Density, _ json: inout JSONWriter) {
    json.field(
      "density",
      object: { json in
        json.field("first", micro(density.first))
        json.field("last", micro(density.last))
        json.field(
          "counts",
          array: { json in
            for counts in density.counts { json.array { json in for count in counts { json.value(count) } } }
          })
      })
  }

  private static func micro(_ nanoseconds: Int64) -> Int64 { Timestamp(nanoseconds: nanoseconds).microseconds }

  /// Gives each value the number of its first use.
  private struct Numbered<Element: Hashable> {
    private(set) var values: [Element] = []
    private var numbers: [Element: Int] = [:]

    mutating func number(_ value: Element) -> Int {
      if let known = numbers[value] { return known }
      numbers[value] = values.count
      values.append(value)
      return values.count - 1
    }
  }
}
