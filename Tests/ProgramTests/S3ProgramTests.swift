import Bytes
import Evidence
import Foundation
import TestSupport
import Testing

/// The program against an S3 server, behind a proxy that spoils answers when it is told to.
@Suite(.enabled(if: LocalServer.hasMoto, "needs moto: pip install 'moto[server]'"), .serialized)
struct S3ProgramTests {
  private static let moto = Result { try LocalServer("server.py") }

  private let proxy: LocalServer
  private let folder: TemporaryFolder
  private let bucket = "b\(UUID().uuidString.lowercased())"

  init() throws {
    proxy = try LocalServer("faults.py", [Self.moto.get().port])
    folder = try TemporaryFolder()
  }

  private let keys = [
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "not-told", "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent", "AWS_REGION": "us-east-1",
  ]

  private var server: [String] { ["--endpoint-url", "http://127.0.0.1:\(proxy.port)", "--path-style"] }

  private func program(_ arguments: [String], _ environment: [String: String]? = nil) throws -> ProgramResult {
    try runProgram(
      irAnalyze, arguments + server, in: folder.path, environment: environment ?? keys)
  }

  private func python(_ arguments: [String]) throws -> String {
    let port = try Self.moto.get().port
    let result = try runProgram(
      "/usr/bin/env", ["python3", "\(PackageFiles.root)/Tests/S3/bucket.py", port] + arguments)
    try #require(result.status == 0, "\(result.errors)")
    return result.output
  }

  private func put(_ path: String, _ prefix: String = "case/") throws { _ = try python(["put", bucket, prefix, path]) }

  private func ask(_ path: String, _ body: String? = nil) throws -> String {
    var arguments = ["-s", "http://127.0.0.1:\(proxy.port)\(path)"]
    if let body { arguments += ["-d", body] }
    return try runProgram("/usr/bin/curl", arguments).output
  }

  private func spoil(_ rules: String) throws { _ = try ask("/_faults", rules) }

  /// Every output but run.json is byte for byte what it is from the folder, except where the source's own times and place are
  /// told: S3 keeps when an object was put, not when the file was written.
  @Test func aPrefixGivesWhatItsFolderGives() throws {
    let bundle = try SmallBundle()
    let plain = try bundle.run("out")
    try put(bundle.path)
    let result = try program(["run", "s3://\(bucket)/case/", "-o", "out", "--store", "store"])
    #expect(result.status == plain.status, "\(result.errors)")
    let here = try bundle.outputs("out")
    let there = try outputs(folder.path + "/out")
    #expect(Set(there.keys) == Set(here.keys))
    for name in here.keys.sorted() where name != "bodyfile" {
      #expect(there[name] == here[name], "\(name) differs")
    }
    // Metadata of every object is in the custody log, and nothing is fetched a second time.
    let custody = try text("store/custody.jsonl")
    #expect(custody.contains("\"meta.origin\"") && custody.contains("\"etag\""))
    try spoil("[]")
    let again = try program(["run", "s3://\(bucket)/case/", "-o", "out", "--store", "store"])
    #expect(again.status == plain.status)
    #expect(!(try ask("/_requests")).contains("GET /\(bucket)/case/"))
    #expect(try outputs(folder.path + "/out") == there)
  }

  @Test func aReportIsPushedUnderInstanceAndTime() throws {
    let bundle = try SmallBundle()
    _ = try bundle.run("out")
    try put(try empty(), "none/")
    let report = bundle.folder.path + "/out"
    let result = try program(["push", "s3://\(bucket)/results", "--report", report])
    #expect(result.status == 0, "\(result.errors)")
    let place = "results/i-0b7c4e19d2f35a86e/20261125T052529Z/"
    #expect(result.output == "s3://\(bucket)/\(place)\n")
    let list = try JSONSerialization.jsonObject(with: Data(try python(["ls", bucket, "results/"]).utf8))
    let there = try #require(list as? [String: [String: Any]])
    let names = try FileManager.default.subpathsOfDirectory(atPath: report).filter {
      FileManager.default.contents(atPath: "\(report)/\($0)") != nil
    }
    #expect(names.count > 5)
    for name in names {
      let sum = there[place + name]?["sha256"] as? String
      #expect(
        sum == Digest(of: [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(report)/\(name)")))).hex, "\(name)")
    }
    let again = try program(["push", "s3://\(bucket)/results", "--report", report])
    #expect(again.errors.contains("0 files sent"))
  }

  @Test func aPushWithoutAReportSaysWhatToName() throws {
    let none = try program(["push", "s3://\(bucket)/results"])
    #expect(none.status == 64 && none.errors.contains("there is no report here"))
    try folder.write("report/run.json", #"{"case":"c","state":"running"}"#)
    let unfinished = try program(["push", "s3://\(bucket)/results", "--report", folder.path + "/report"])
    #expect(unfinished.status == 64 && unfinished.errors.contains("not finished"))
  }

  /// Killed while a large object comes, the next run goes on in the middle of it.
  @Test func aLargeObjectIsGoneOnWithAfterAKill() throws {
    let bytes = [UInt8](unsafeUninitializedCapacity: 96 << 20) { buffer, count in
      var state: UInt64 = 1
      for place in stride(from: 0, to: 96 << 20, by: 8) {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        UnsafeMutableRawBufferPointer(buffer).storeBytes(of: state, toByteOffset: place, as: UInt64.self)
      }
      count = 96 << 20
    }
    try folder.write("in/host.bin", bytes)
    try put(folder.path + "/in")
    try spoil(#"[{"match": "bytes=67108864-", "times": 1, "do": {"stall": 20}}]"#)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: irAnalyze)
    process.arguments = ["ingest", "s3://\(bucket)/case/", "--case", "c", "--store", folder.path + "/store"] + server
    process.environment = ProcessInfo.processInfo.environment.merging(keys) { $1 }
    process.standardError = FileHandle.nullDevice
    try process.run()
    let parts = folder.path + "/store/tmp/s3"
    var taken = 0
    for _ in 0..<1200 where taken < 40 << 20 {
      Thread.sleep(forTimeInterval: 0.05)
      let names = (try? FileManager.default.contentsOfDirectory(atPath: parts)) ?? []
      for name in names where name.hasSuffix(".part") {
        let size = try? FileManager.default.attributesOfItem(atPath: "\(parts)/\(name)")[.size] as? NSNumber
        taken = max(taken, size?.intValue ?? 0)
      }
    }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    #expect(taken >= 40 << 20 && taken < bytes.count)
    try spoil("[]")
    let result = try program(["ingest", "s3://\(bucket)/case/", "--case", "c", "--store", "store"])
    #expect(result.status == 0, "\(result.errors)")
    let asked = try ask("/_requests")
    #expect(asked.contains("bytes=") && !asked.contains("bytes=0-") && !asked.contains("bytes=16777216-"))
    #expect(try runProgram(irAnalyze, ["verify", "-q", "--store", folder.path + "/store"]).status == 0)
    let list = try runProgram(irAnalyze, ["store", "ls", "c", "--store", folder.path + "/store"]).output
    #expect(list == "\(Digest(of: bytes).hex)  host.bin\n")
  }

  /// One line that says what to do, and the exit code that fits.
  @Test(arguments: [
    (#"{"status": 403, "code": "AccessDenied"}"#, Int32(64), "s3:GetObject"),
    (#"{"status": 404, "code": "NoSuchBucket"}"#, 64, "check its name"),
    (#"{"status": 301, "code": "PermanentRedirect"}"#, 64, "--region"),
    (#"{"status": 403, "code": "InvalidAccessKeyId"}"#, 64, "the environment"),
    (#"{"status": 403, "code": "RequestTimeTooSkewed"}"#, 64, "clock"),
  ])
  func whatIsRefusedSaysWhatToDo(fault: String, status: Int32, word: String) throws {
    try put(try empty())
    try spoil(#"[{"match": "list-type", "times": 99, "do": \#(fault)}]"#)
    let result = try program(["run", "s3://\(bucket)/case/", "-o", "out", "--store", "store"])
    #expect(result.status == status && result.errors.contains(word))
    #expect(result.errors.split(separator: "\n").count == 1 && result.errors.hasPrefix("ir-analyze: error: s3://"))
    #expect(!result.errors.contains("not-told"))
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/store"))
  }

  @Test func withoutCredentialsItSaysWhereTheyCanComeFrom() throws {
    var none = keys
    none["AWS_ACCESS_KEY_ID"] = ""
    let result = try program(["run", "s3://\(bucket)/case/", "-o", "out", "--store", "store"], none)
    #expect(result.status == 64 && result.errors.contains("AWS_ACCESS_KEY_ID"))
    let profile = try program(
      ["run", "s3://\(bucket)/case/", "-o", "out", "--store", "store", "--profile", "absent"])
    #expect(profile.status == 64 && profile.errors.contains("profile absent"))
  }

  /// An object that S3 does not give is a gap; the rest is analyzed.
  @Test func oneObjectThatIsDeniedIsAGap() throws {
    try folder.write("in/a.txt", "text")
    try folder.write("in/b.txt", "more")
    try put(folder.path + "/in")
    try spoil(#"[{"match": "/case/b.txt", "times": 99, "do": {"status": 403, "code": "AccessDenied"}}]"#)
    let result = try program(["run", "s3://\(bucket)/case/", "-o", "out", "--store", "store"])
    #expect(result.status == 2 && result.errors.contains("not taken in: b.txt"))
    try spoil("[]")
    #expect(try program(["run", "s3://\(bucket)/case/", "-o", "out", "--store", "store"]).status == 0)
  }

  @Test func aPassingFaultIsNotNoticed() throws {
    try folder.write("in/a.txt", [UInt8](repeating: 0x61, count: 300_000))
    try put(folder.path + "/in")
    try spoil(
      #"[{"match": "list-type", "do": {"status": 503, "code": "SlowDown"}}, {"match": "/a.txt", "do": {"reset": 100000}},"#
        + #"{"match": "/a.txt", "do": {"short": 1000}}, {"match": "/a.txt", "do": {"status": 500}}]"#)
    let result = try program(["ingest", "s3://\(bucket)/case/", "--case", "c", "--store", "store"])
    #expect(result.status == 0, "\(result.errors)")
    #expect(try runProgram(irAnalyze, ["verify", "-q", "--store", folder.path + "/store"]).status == 0)
  }

  private func empty() throws -> String {
    try folder.write("empty/x", "x")
    return folder.path + "/empty"
  }

  private func text(_ name: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/\(name)")), as: UTF8.self)
  }

  private func outputs(_ path: String) throws -> [String: Data] {
    var files: [String: Data] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: path) where name != "run.json" {
      files[name] = FileManager.default.contents(atPath: "\(path)/\(name)")
    }
    return files
  }
}
