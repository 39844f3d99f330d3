import ArgumentParser
import ArtifactStore
import Bytes
import Evidence

struct StoreInfo: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info", abstract: "Says what the store holds and what it takes on the disk.",
    discussion: "For example: `ir-analyze store info --json | jq .disk_bytes`.")

  @OptionGroup var storeOptions: StoreOptions
  @Flag(help: "JSON.")
  var json = false

  private struct Sums {
    var objects = 0
    var bytes: UInt64 = 0
    var disk: UInt64 = 0
  }

  func run() throws {
    let store = try storeOptions.openExisting()
    var forms: [ObjectForm: Sums] = [:]
    for digest in store.objects.list() {
      guard let form = store.objects.form(of: digest) else { continue }
      forms[form, default: Sums()].objects += 1
      forms[form, default: Sums()].bytes &+= store.objects.byteCount(of: digest) ?? 0
      forms[form, default: Sums()].disk &+= store.objects.diskSize(of: digest)
    }
    let cases = try store.cases.cases()
    let artifacts = Set(try cases.flatMap { try store.cases.sightings(of: $0).map(\.digest) })
    let custody = try store.custody.examine()
    let bytes = forms.values.reduce(UInt64(0)) { $0 &+ $1.bytes }
    let disk = forms.values.reduce(UInt64(0)) { $0 &+ $1.disk }
    if json {
      var out = JSONWriter()
      out.object { out in
        out.field("store", store.directory)
        out.field("cases", cases)
        out.field("artifacts", artifacts.count)
        out.field("objects", forms.values.reduce(0) { $0 + $1.objects })
        out.field("bytes", bytes)
        out.field("disk_bytes", disk)
        out.field(
          "forms",
          object: { out in
            for form in ObjectForm.allCases {
              guard let sums = forms[form] else { continue }
              out.field(
                Self.name(form),
                object: { out in
                  out.field("objects", sums.objects)
                  out.field("bytes", sums.bytes)
                  out.field("disk_bytes", sums.disk)
                })
            }
          })
        out.field("custody_entries", custody.count)
        out.field("custody_signed", custody.signed)
        out.field("custody_head", custody.head.digest.hex)
      }
      return Terminal.print(String(decoding: out.bytes, as: UTF8.self))
    }
    Terminal.print("cases      \(cases.count), with \(artifacts.count) artifacts")
    Terminal.print(
      "objects    \(forms.values.reduce(0) { $0 + $1.objects }), \(Terminal.size(bytes)); on the disk \(Terminal.size(disk))"
    )
    for form in ObjectForm.allCases {
      guard let sums = forms[form] else { continue }
      let name = Self.name(form)
      Terminal.print(
        "  \(name)\(String(repeating: " ", count: max(11 - name.count, 1)))\(sums.objects), \(Terminal.size(sums.bytes)); on the disk \(Terminal.size(sums.disk))"
      )
    }
    Terminal.print("custody    \(custody.count) entries, \(custody.signed) signed, head \(custody.head.text)")
    for problem in custody.problems { Terminal.tell(problem) }
  }

  private static func name(_ form: ObjectForm) -> String {
    form == .plain ? "plain" : String(form.rawValue.dropFirst())
  }
}
