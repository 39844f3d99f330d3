import ArgumentParser
import ArtifactStore
import Bytes

/// What the program's end says to a script. Documented in the help and the README; tested.
enum ExitStatus: Int32 {
  case finished = 0
  case notCovered = 2
  case integrity = 3
  case interrupted = 4
  case findings = 10
  case usage = 64
  case internalError = 70

  /// An end with one line of explanation.
  struct Failure: Error {
    var status: ExitStatus
    var reason: String

    init(_ status: ExitStatus, _ reason: String) {
      self.status = status
      self.reason = reason
    }
  }

  /// Which end an error of a lower module is.
  static func failure(for error: any Error) -> Failure {
    switch error {
    case let failure as Failure: failure
    case let error as StoreError:
      switch error.code {
      case .badSource, .notAStore, .notFound, .readOnly: Failure(.usage, error.reason)
      case .integrity: Failure(.integrity, error.reason)
      case .cannotWrite: Failure(.internalError, "\(error.reason). The store is intact; run again to resume")
      case .cannotRead: Failure(.internalError, error.reason)
      case .busy, .interrupted: Failure(.interrupted, error.reason)
      }
    case let error as BytesError: Failure(.internalError, error.reason)
    default: Failure(.internalError, "\(error)")
    }
  }

  /// Ends the program quietly with this code, unless it is success.
  func end() throws {
    if self != .finished { throw ExitCode(rawValue) }
  }
}
