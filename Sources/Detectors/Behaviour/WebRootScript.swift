import Bytes
import Evidence

/// Tells whether a command puts a script of unknown make where a web server runs it.
enum WebRootScript {
  static let roots: [StaticString] = ["/var/www/", "/htdocs/", "/html/", "/webapps/", "/wwwroot/", "/public_html/"]
  private static let endings: [StaticString] = [".php", ".jsp", ".jspx", ".phtml", ".aspx"]
  /// What `<?php`, `<?=` and `<%@` begin with in Base64.
  private static let encoded: [StaticString] = ["PD9waH", "PD89", "PCVA"]

  static func judge(_ it: BehaviourText) -> Severity? {
    let isWritten = it.writes(".php") || it.writes(".jsp") || it.writes(".phtml") || it.writes(".aspx")
    let isCode = it.hasAny(["<?php", "<?=", "<%@", "Runtime.getRuntime"])
    if isWritten, isCode,
      it.hasAny(["system(", "eval(", "exec(", "passthru(", "$_GET", "$_POST", "$_REQUEST", "getParameter"])
    {
      return .high
    }
    guard it.hasAny(roots) else { return nil }
    if isWritten, decodes(it) { return it.hasAny(encoded) ? .high : .medium }
    return fetched(it)
  }

  private static func decodes(_ it: BehaviourText) -> Bool {
    it.running(NameTable(["base64", "xxd", "openssl"])).contains { words in
      words.contains { $0 == "-d" || $0 == "--decode" || $0 == "-D" || $0 == "-r" }
    }
  }

  /// `wget URL/s.txt -O /var/www/html/s.php`: under another name than it has, or from a bare number.
  private static func fetched(_ it: BehaviourText) -> Severity? {
    for words in it.running(NameTable(["curl", "wget"])) {
      let target = zip(words, words.dropFirst()).lazy.compactMap { flag, value -> ByteView? in
        if flag == "-O" || flag == "-o" || flag == "--output" || flag == ">" { return value }
        return value[0] == 0x2D && isAny(value[1], of: "Oo") && value[2] == 0x2F ? value.slice(2) : nil
      }.first { path in
        endings.contains { path.hasSuffix($0) } && roots.contains { path.firstIndex(of: ByteView($0)) != nil }
      }
      guard let target else { continue }
      if it.namesPublicAddress { return .high }
      let isRenamed = !words.contains { word in
        word.firstIndex(of: ByteView("://")) != nil && endings.contains { word.hasSuffix($0) && target.hasSuffix($0) }
      }
      return isRenamed ? .medium : .low
    }
    return nil
  }
}
