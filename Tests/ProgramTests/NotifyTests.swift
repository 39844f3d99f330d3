import Foundation
import TestSupport
import Testing

/// The message to a channel, sent to a real HTTP server on this machine.
@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/python3"), "needs python3 for the server"))
struct NotifyTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    _ = try folder.write(
      "report/incident.json",
      #"{"title":"case","severity":"critical","verdict":["Taken \u001b[31mover."],"attackers":["203.0.113.66"]}"# + "\n"
    )
    _ = try folder.write(
      "report/findings.jsonl",
      #"{"id":"22457e46-f96c-5726-84c8-5dceb26c2079","severity":"high","title":"Shell","message":"aws_secret_access_key=wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY99"}"#
        + "\n")
  }

  private struct Request {
    var path: String
    var body: String
  }

  /// Starts the server, sends, and says what it got.
  private func send(_ answers: [String], _ more: [String] = ["--format", "discord"]) throws -> (
    ProgramResult, [Request]
  ) {
    let log = folder.path + "/requests-\(UUID().uuidString)"
    let server = Process()
    server.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
    server.arguments = [PackageFiles.root + "/Tests/Webhook/server.py", log] + answers
    try server.run()
    defer { server.terminate() }
    var port: String?
    for _ in 0..<100 where port == nil {
      Thread.sleep(forTimeInterval: 0.05)
      port = (try? String(contentsOfFile: log, encoding: .utf8))?.split(separator: "\n").first.map(String.init)
    }
    let url = "http://127.0.0.1:\(try #require(port))/api/webhooks/1/SECRETPATH"
    let result = try runProgram(irAnalyze, ["notify", folder.path + "/report", "--webhook", url] + more)
    let lines = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").dropFirst()
    return (
      result,
      try lines.map { line in
        let object = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String])
        #expect(object["type"] == "application/json")
        return Request(path: object["path"] ?? "", body: object["body"] ?? "")
      }
    )
  }

  @Test func theMessageArrivesMaskedAndWithoutControlCharacters() throws {
    let (result, requests) = try send(["204"])
    #expect(result.status == 0 && requests.count == 1)
    let body = try #require(requests.first?.body)
    #expect(body.contains("embeds") && body.contains("203.0.113.66") && body.contains("22457e46"))
    #expect(!body.contains("wJalrXUtnFEMI") && !body.contains("\\u001b") && !body.contains("\u{1B}"))
    #expect(requests.first?.path == "/api/webhooks/1/SECRETPATH")
    #expect(!result.errors.contains("SECRETPATH"))
  }

  @Test func itWaitsAsLongAsTheServiceAsks() throws {
    let began = Date()
    let (result, requests) = try send(["429:1", "429:body=0.7", "204"], ["--format", "slack"])
    #expect(result.status == 0 && requests.count == 3)
    #expect(Date().timeIntervalSince(began) >= 1.7)
    #expect(result.errors.contains("429"))
    #expect(Set(requests.map(\.body)).count == 1 && requests.first?.body.contains("blocks") == true)
  }

  @Test func itGivesUpInTheEndAndSaysWhatToDo() throws {
    let (result, requests) = try send(["429:0"], ["--format", "discord", "--attempts", "3"])
    #expect(result.status == 70 && requests.count == 3)
    #expect(result.errors.contains("run again later") && !result.errors.contains("SECRETPATH"))
    let (long, asked) = try send(["429:9999"])
    #expect(long.status == 70 && long.errors.contains("9999 s"))
    #expect(asked.count == 1)
  }

  @Test func aRefusalIsNotRepeated() throws {
    let (result, requests) = try send(["404"])
    #expect(result.status == 70 && requests.count == 1 && result.errors.contains("404"))
  }

  @Test func aDryRunSendsNothing() throws {
    let result = try runProgram(irAnalyze, ["notify", folder.path + "/report", "--dry-run", "--format", "slack"])
    #expect(result.status == 0)
    let object = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
    #expect(object?["blocks"] != nil)
  }

  @Test func wrongCallsAreToldSo() throws {
    func errors(_ arguments: [String]) throws -> String {
      let result = try runProgram(irAnalyze, ["notify"] + arguments)
      #expect(result.status == 64)
      return result.errors
    }
    let report = folder.path + "/report"
    #expect(try errors([report, "--webhook", "http://hooks.slack.com/services/SECRETPATH"]).contains("https"))
    #expect(try errors([report, "--webhook", "https://chat.example/x"]).contains("--format"))
    #expect(try errors([folder.path, "--dry-run", "--format", "slack"]).contains("no report"))
    #expect(try errors([report, "--dry-run", "--format", "slack", "--finding", "ffff"]).contains("no finding"))
  }
}
