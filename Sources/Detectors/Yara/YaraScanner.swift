import Bytes
import CYara

/// Scans one object at a time; make one for each thread. Keeps the rules alive.
///
/// A scan is of the whole object in one piece: `filesize`, offsets, counts and modules are then exactly what the `yara`
/// command sees, and with the object mapped it costs no memory that grows with it.
public final class YaraScanner {
  public struct Options: Sendable {
    /// Seconds after which a scan is given up; 0 for never. libyara looks at the clock every few thousand positions.
    public var timeout = 0
    /// Stops looking for a string after its first match where the rule only asks whether it occurs. The rules that match
    /// are the same, the matches told are fewer.
    public var isFast = false
    /// Matches told of one rule.
    public var maximumStrings = 1 << 20
    /// Bytes told of one match; libyara keeps 512.
    public var maximumData = 512

    public init() {}
  }

  /// Values of the external variables for one object.
  public struct Externals: Hashable, Sendable {
    public var filename = ""
    public var filepath = ""
    public var `extension` = ""
    public var filetype = ""
    public var owner = ""

    public init() {}

    /// By the name that rules use; nil for others.
    public subscript(_ name: String) -> String? {
      switch name {
      case "filename": filename
      case "filepath": filepath
      case "extension": self.extension
      case "filetype": filetype
      case "owner": owner
      default: nil
      }
    }

    /// From definitions as `yara -d` takes them; other names are left out.
    public init(_ definitions: [(name: String, value: String)]) {
      for (name, value) in definitions {
        switch name {
        case "filename": filename = value
        case "filepath": filepath = value
        case "extension": self.extension = value
        case "filetype": filetype = value
        case "owner": owner = value
        default: break
        }
      }
    }

    /// From a path: `/srv/Shell.JSP` gives `Shell.JSP`, the path and `.JSP`.
    public init(path: String) {
      filepath = path
      filename = String(path.split(separator: "/").last ?? "")
      if let dot = filename.lastIndex(of: "."), dot != filename.startIndex { self.extension = String(filename[dot...]) }
    }
  }

  /// What a scan gave.
  public struct Result: Sendable {
    /// In the order of the rules.
    public var matches: [YaraMatch] = []
    /// Strings with more matches than libyara keeps (a million), as `rule:$string`: the counts of these rules are short.
    public var overflowed: [String] = []
    /// Rules that were given up because they took longer than the timeout; only `YaraEngine` finds out which.
    public var tooSlow: [String] = []
  }

  public let rules: YaraRules
  public var options: Options
  /// Kept alive by `rules`.
  private let compiled: YaraHandle.Pointer
  private let handle: UnsafeMutablePointer<YR_SCAN_CONTEXT>

  public init(_ rules: YaraRules, _ options: Options = Options()) throws(YaraError) {
    let compiled = try rules.handle.pointer()
    self.compiled = compiled
    rules.handle.settle()
    self.rules = rules
    self.options = options
    var created: UnsafeMutablePointer<YR_SCAN_CONTEXT>?
    let code = yr_scanner_create(compiled, &created)
    guard code == ERROR_SUCCESS, let created else { throw YaraError(.library, YaraLibrary.words(code)) }
    handle = created
  }

  deinit { yr_scanner_destroy(handle) }

  /// The rules that hold for the object. yr_scanner_scan_mem.
  public func scan(_ view: ByteView, _ externals: Externals = Externals()) throws(YaraError) -> Result {
    try run(externals, flags: 0) { handle in
      // libyara takes no null pointer for an empty object.
      var nothing: UInt8 = 0
      guard let base = view.unsafeBytes.baseAddress, view.count > 0 else {
        return yr_scanner_scan_mem(handle, &nothing, 0)
      }
      return yr_scanner_scan_mem(handle, base.assumingMemoryBound(to: UInt8.self), view.count)
    }
  }

  func run(
    _ externals: Externals, flags: Int32, _ body: (UnsafeMutablePointer<YR_SCAN_CONTEXT>) -> Int32
  ) throws(YaraError) -> Result {
    for name in YaraCompiler.externals {
      // Rules loaded from a compiled file need not have them.
      yr_scanner_define_string_variable(handle, name, externals[name] ?? "")
    }
    shim_scanner_forget_entry_point(handle)
    yr_scanner_set_timeout(handle, Int32(clamping: options.timeout))
    yr_scanner_set_flags(handle, flags | SCAN_FLAGS_REPORT_RULES_MATCHING | (options.isFast ? SCAN_FLAGS_FAST_MODE : 0))
    let state = ScanState(rules, compiled, options)
    yr_scanner_set_callback(handle, noteScan, Unmanaged.passUnretained(state).toOpaque())
    let code = withExtendedLifetime(state) { body(handle) }
    guard code == ERROR_SUCCESS else {
      let name = yr_scanner_last_error_rule(handle).map { " in rule \(YaraRules.text(shim_rule_name($0)))" } ?? ""
      throw YaraError(code == ERROR_SCAN_TIMEOUT ? .timeout : .scan, YaraLibrary.words(code) + name)
    }
    return state.result
  }
}

private final class ScanState {
  let rules: YaraRules
  let compiled: YaraHandle.Pointer
  let options: YaraScanner.Options
  var result = YaraScanner.Result()

  init(_ rules: YaraRules, _ compiled: YaraHandle.Pointer, _ options: YaraScanner.Options) {
    self.rules = rules
    self.compiled = compiled
    self.options = options
  }

  func note(_ rule: UnsafePointer<YR_RULE>, _ context: UnsafeMutablePointer<YR_SCAN_CONTEXT>) {
    guard let first = shim_rules_at(compiled, 0) else { return }
    let index = rule - UnsafePointer(first)
    let known = rules.rules
    guard known.indices.contains(index) else { return }
    var match = YaraMatch(index: index, rule: known[index], strings: [], stringCount: 0)
    var string = shim_rule_strings(rule)
    while let item = string {
      let name = YaraRules.text(shim_string_name(item))
      var place = shim_string_matches(context, item)
      while let found = place?.pointee {
        if !found.is_private {
          match.stringCount += 1
          if match.strings.count < options.maximumStrings {
            let kept = min(Int(found.data_length), options.maximumData)
            match.strings.append(
              YaraStringMatch(
                identifier: name, offset: UInt64(bitPattern: found.base &+ found.offset),
                length: Int(found.match_length),
                data: Array(UnsafeBufferPointer(start: found.data, count: max(kept, 0))),
                isHexadecimal: shim_string_is_hexadecimal(item)))
          }
        }
        place = UnsafePointer(found.next)
      }
      string = shim_string_after(item)
    }
    result.matches.append(match)
  }
}

private func noteScan(
  context: UnsafeMutablePointer<YR_SCAN_CONTEXT>?, message: Int32, data: UnsafeMutableRawPointer?,
  user: UnsafeMutableRawPointer?
) -> Int32 {
  guard let context, let data, let user else { return CALLBACK_CONTINUE }
  let state = Unmanaged<ScanState>.fromOpaque(user).takeUnretainedValue()
  switch message {
  case CALLBACK_MSG_RULE_MATCHING:
    state.note(UnsafePointer(data.assumingMemoryBound(to: YR_RULE.self)), context)
  case CALLBACK_MSG_TOO_MANY_MATCHES:
    let string = UnsafePointer(data.assumingMemoryBound(to: YR_STRING.self))
    let rule = shim_rules_at(state.compiled, shim_string_rule(string)).map { YaraRules.text(shim_rule_name($0)) }
    state.result.overflowed.append("\(rule ?? "?"):\(YaraRules.text(shim_string_name(string)))")
  default: break
  }
  // A rule that goes on too long is stopped by the timeout, a string with too many matches by libyara itself.
  return CALLBACK_CONTINUE
}
