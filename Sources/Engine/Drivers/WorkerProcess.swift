import Bytes
import CPlatform
import Foundation

/// One worker process, spoken to through pipes by one thread.
final class WorkerProcess: @unchecked Sendable {
  let pid: pid_t
  private let input: Int32
  private let answers: LineReader

  /// - Parameter command: program and arguments.
  init(_ command: [String]) throws(BytesError) {
    var toChild: [Int32] = [-1, -1]
    var fromChild: [Int32] = [-1, -1]
    guard platform_pipe(&toChild) == 0, platform_pipe(&fromChild) == 0 else {
      throw BytesError(.cannotOpen, "cannot make a pipe for a worker: \(systemMessage())")
    }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, toChild[0], 0)
    posix_spawn_file_actions_adddup2(&actions, fromChild[1], 1)
    // A crashing worker's last words would land in the middle of the user's terminal; the driver tells of it in one line.
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
    var environment: [UnsafeMutablePointer<CChar>?] =
      ProcessInfo.processInfo.environment.filter { $0.key != "SWIFT_BACKTRACE" }.map { strdup("\($0.key)=\($0.value)") }
      + [strdup("SWIFT_BACKTRACE=enable=no"), nil]
    defer { for pointer in arguments + environment { free(pointer) } }
    var pid: pid_t = 0
    let status = posix_spawn(&pid, command.first ?? "", &actions, nil, &arguments, &environment)
    close(toChild[0])
    close(fromChild[1])
    guard status == 0 else {
      close(toChild[1])
      close(fromChild[0])
      throw BytesError(.cannotOpen, "cannot start a worker: \(systemMessage(status))")
    }
    self.pid = pid
    input = toChild[1]
    answers = LineReader(FileStream(descriptor: fromChild[0], name: "worker \(pid)"), limit: 1 << 20)
  }

  /// Hands one unit over and waits for its answer; nil when the worker ended instead.
  func ask(_ line: [UInt8]) -> [UInt8]? {
    guard writeAll(line + [0x0A], to: input) else { return nil }
    return (try? answers.next())?.bytes.array
  }

  func kill() { Foundation.kill(pid, SIGKILL) }

  /// Lets the worker go, and says how it ended.
  func end() -> String {
    close(input)
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    let signal = status & 0x7F
    if signal != 0 { return "signal \(signal) (\(String(cString: strsignal(signal))))" }
    return "exit status \((status >> 8) & 0xFF)"
  }
}
