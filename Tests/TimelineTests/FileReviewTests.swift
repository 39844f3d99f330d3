import Evidence
import Testing

@testable import Timeline

@Suite struct FileReviewTests {
  private let listing = Digest(of: Array("listing".utf8))

  private func time(_ text: String) throws -> Timestamp { try #require(Timestamp(iso8601: text)) }

  private func review(_ facts: [(String, String, String, String)], accounts: [(String, Int64)] = []) throws -> [Finding]
  {
    var review = FileReview(windows: [try time("2026-11-25T05:20:00Z")...time("2026-11-25T05:26:00Z")])
    for (line, fact) in facts.enumerated() {
      let (path, mode, owner, when) = fact
      review.take(
        Event(
          time: try time(when), .modification, dataType: "linux:capture:path", message: path,
          attributes: [Attribute("path", path), Attribute("mode", mode), Attribute("user", owner)],
          locator: Locator(offset: UInt64(line * 100), length: 99, line: line + 1)), artifact: listing)
    }
    for (name, number) in accounts {
      review.take(
        Event(
          time: nil, dataType: "linux:account", message: name,
          attributes: [Attribute("user", name), Attribute("uid", number)], locator: .whole), artifact: listing)
    }
    return review.findings()
  }

  private let before = "2026-07-02T00:00:00Z"
  private let during = "2026-11-25T05:22:30Z"

  @Test func setuidFiles() throws {
    let findings = try review([
      ("/usr/bin/sudo", "-rwsr-xr-x", "root", before), ("/usr/bin/find", "-rwsr-xr-x", "root", during),
      ("/opt/app/run", "-rwsr-xr-x", "root", before), ("/usr/bin/wall", "-rwxr-sr-x", "root", before),
      ("/home/ops/none", "-rwSr--r--", "ops", before), ("/opt/folder", "drwxrwsr-x", "root", before),
    ])
    #expect(
      findings.map { "\($0.rule) \($0.entities[0].value) \($0.severity.rawValue)" } == [
        "file.setuid-in-odd-place /opt/app/run medium", "file.setuid-of-the-time /usr/bin/find high",
      ])
    #expect(findings[1].firstSeen?.description == during)
    #expect(findings[1].evidence.first?.locator.line == 2)
    #expect(findings[1].message.contains("is setuid of root"))
  }

  @Test func webRootDrops() throws {
    let app = (0..<8).map { ("/opt/tomcat/webapps/ROOT/page\($0).jsp", "-rw-r--r--", "tomcat", before) }
    let findings = try review(
      app + [
        ("/opt/tomcat/webapps/ROOT/img/x.jsp", "-rw-r--r--", "tomcat", during),
        ("/opt/tomcat/webapps/ROOT/old.jsp", "-rw-r--r--", "tomcat", "2026-09-01T00:00:00Z"),
        ("/opt/tomcat/webapps/ROOT/logo.png", "-rw-r--r--", "tomcat", during),
        // The same name where no web server looks.
        ("/home/ops/x.jsp", "-rw-r--r--", "ops", during),
        // Two files have no median that says anything.
        ("/var/www/html/a.php", "-rw-r--r--", "www-data", before),
        ("/var/www/html/b.php", "-rw-r--r--", "www-data", "2026-09-01T00:00:00Z"),
      ])
    let web = findings.filter { $0.rule.hasPrefix("file.web-root") }
    #expect(
      web.map { "\($0.rule) \($0.entities[0].value)" } == [
        "file.web-root-drop /opt/tomcat/webapps/ROOT/img/x.jsp", "file.web-root-newer /opt/tomcat/webapps/ROOT/old.jsp",
      ])
  }

  @Test func executablesAndUnownedFiles() throws {
    let findings = try review(
      [
        ("/tmp/.x", "-rwxr-xr-x", "tomcat", during), ("/tmp/note.txt", "-rw-r--r--", "tomcat", during),
        ("/srv/data/a", "-rw-r--r--", "1337", before), ("/srv/data/b", "-rw-r--r--", "1000", before),
      ], accounts: [("root", 0), ("ops", 1000), ("tomcat", 998)])
    #expect(
      findings.map { "\($0.rule) \($0.entities[0].value)" } == [
        "file.executable-in-open-folder /tmp/.x", "file.unowned /srv/data/a",
      ])
    // Nobody is missing where the accounts are not known.
    #expect(try review([("/srv/data/a", "-rw-r--r--", "1337", before)]).isEmpty)
  }

  @Test func changesOfTheTimeOnly() throws {
    let findings = try review([
      ("/etc/crontab", "-rw-r--r--", "root", during), ("/etc/hostname", "-rw-r--r--", "root", during),
      ("/etc/hosts", "-rw-r--r--", "root", before),
      ("/var/log/syslog", "-rw-r-----", "root", during), ("/home/ops/.bashrc", "-rw-r--r--", "ops", during),
    ])
    // What starts by itself weighs more.
    #expect(
      findings.map { "\($0.rule) \($0.entities[0].value) \($0.severity.rawValue)" } == [
        "file.changed-in-incident /etc/hostname low", "file.persistence-changed /etc/crontab medium",
        "file.persistence-changed /home/ops/.bashrc medium",
      ])
  }

  @Test func withoutATimeFilesAreToldByTheirPlace() throws {
    var review = FileReview()
    let content = Digest(of: Array("a web shell".utf8))
    for (path, mode) in [
      ("/tmp/.x", UInt16(0o755)), ("/var/tmp/.sh", 0o4755), ("/opt/app/run", 0o4755), ("/usr/bin/sudo", 0o4755),
      ("/etc/crontab", 0o644), ("/var/www/html/x.php", 0o644),
    ] {
      review.take(
        FileFact(
          path: path, mode: mode, owner: "0", times: [FileTime(.modification, try time(during))],
          evidence: EvidenceReference(artifact: listing, locator: .whole),
          content: path.hasSuffix("php") ? content : listing))
    }
    let findings = review.findings()
    #expect(
      findings.map { "\($0.rule) \($0.entities[0].value) \($0.severity.rawValue)" } == [
        "file.executable-in-open-folder /tmp/.x low", "file.setuid-in-odd-place /opt/app/run medium",
        "file.setuid-in-open-folder /var/tmp/.sh high",
      ])
    #expect(findings.allSatisfy { $0.message.hasSuffix("When the incident was is not known.") })
    #expect(findings[0].attributes.contains(Attribute("sha256", listing.hex)))
    // What was dropped tells when it was.
    let window = try #require(review.window(around: [content]))
    #expect(window.lowerBound.description.hasPrefix("2026-11-25T04:22:30"))
    #expect(window.upperBound.description.hasPrefix("2026-11-25T06:22:30"))
    #expect(review.window(around: [Digest(of: [])]) == nil)
    review.windows = [window]
    #expect(review.isOfTheTime("/etc/crontab") && !review.isOfTheTime("/etc/hosts"))
    #expect(review.findings().contains { $0.rule == "file.web-root-drop" })
  }

  private func bodyfile(_ files: [(path: String, changed: String, written: String)]) throws -> [Finding] {
    var review = FileReview(windows: [try time("2026-11-25T05:20:00Z")...time("2026-11-25T05:26:00Z")])
    for (path, changed, written) in files {
      review.take(
        FileFact(
          path: path, mode: 0o4755, owner: "0",
          times: [FileTime(.change, try time(changed)), FileTime(.modification, try time(written))],
          evidence: EvidenceReference(artifact: listing, locator: .whole)))
    }
    return review.findings().filter { $0.rule == "file.setuid-of-the-time" }
  }

  @Test func anUpdateMakesNoFileSetuid() throws {
    let update = (0..<25).map { (path: "/usr/bin/program\($0)", changed: during, written: before) }
    #expect(try bodyfile(update).isEmpty)
    #expect(
      try bodyfile([("/usr/bin/sudo", during, before), ("/usr/lib/openssh/ssh-keysign", during, before)]).isEmpty)
    // Beside it somebody made a shell of root's, gave a program rights that it never has, and wrote another sudo.
    #expect(try bodyfile(update + [("/usr/bin/rb", during, during)]).map { $0.entities[0].value } == ["/usr/bin/rb"])
    #expect(try bodyfile([("/usr/bin/find", during, before), ("/usr/bin/sudo", during, during)]).count == 2)
  }

  @Test func theProgramsOfAContainersImageAreInTheirPlace() throws {
    let layer = "/var/lib/docker/overlay2/8f1c/diff"
    let findings = try review([
      (layer + "/usr/bin/su", "-rwsr-xr-x", "root", before), (layer + "/tmp/su", "-rwsr-xr-x", "root", before),
    ])
    #expect(findings.map { $0.entities[0].value } == [layer + "/tmp/su"])
  }

  @Test func aDeploymentDuringTheIncidentIsNoDrop() throws {
    let app = (0..<12).map { ("/opt/tomcat/webapps/ROOT/page\($0).jsp", "-rw-r--r--", "tomcat", during) }
    #expect(try review(app).allSatisfy { $0.severity == .low })
  }

  @Test func theOrderOfTakingDoesNotMatter() throws {
    let facts = [
      ("/usr/bin/find", "-rwsr-xr-x", "root", during), ("/tmp/.x", "-rwxr-xr-x", "tomcat", during),
      ("/tmp/.x", "-rwxr-xr-x", "tomcat", before),
    ]
    let one = try review(facts)
    #expect(one.map(\.rule) == (try review(facts.reversed())).map(\.rule))
    #expect(one.count == 2)
  }

  @Test func aFloodIsCutAndSaid() throws {
    let findings = try review((0..<150).map { ("/tmp/run\(1000 + $0)", "-rwxr-xr-x", "x", during) })
    #expect(findings.count == 100)
    #expect(findings.last?.message.hasSuffix("50 more files are like it.") == true)
  }

  @Test(arguments: [
    ("-rwsr-xr-x", 0o4755), ("r/rrwxr-sr-x", 0o2755), ("drwxrwxrwt", 0o1777), ("-rwSr--r-T.", 0o5644),
    ("-rw-r--r--+", 0o644),
  ])
  func permissions(_ text: String, _ mode: UInt16) { #expect(FileFact.permissions(Array(text.utf8)) == mode) }

  @Test(arguments: ["", "rwx", "100644", "????????????", "-rwxrwxrwz"])
  func whatIsNoMode(_ text: String) { #expect(FileFact.permissions(Array(text.utf8)) == nil) }

  @Test func aBodyfileTellsWhatChanged() throws {
    let event = Event(
      time: try time(during), .access, dataType: "fs:stat", message: "",
      attributes: [Attribute("path", "/a"), Attribute("uid", 7), Attribute("macb", ".a..")], locator: .whole)
    #expect(FileFact(event, artifact: listing)?.times == [])
    #expect(FileFact(event, artifact: listing)?.owner == "7")
    var changed = event
    changed.attributes[2] = Attribute("macb", "..cb")
    #expect(FileFact(changed, artifact: listing)?.times.map(\.meaning) == [.change, .creation])
  }

  @Test func whatIsSaidOfAReallocatedInodeIsAnotherFiles() {
    func fact(_ extra: [Attribute]) -> FileFact? {
      FileFact(
        Event(
          time: Timestamp(seconds: 1), .change, dataType: "fs:stat", message: "",
          attributes: [Attribute("path", "/usr/bin/su"), Attribute("mode", "r/rrwsr-xr-x")] + extra, locator: .whole),
        artifact: Digest(of: []))
    }
    #expect(fact([])?.isSetID == true)
    #expect(fact([Attribute("is_reallocated", .flag(true))]) == nil)
  }

  /// A package's list of files has names alone.
  @Test func aFolderThatAListNamesIsNoFile() throws {
    for reversed in [false, true] {
      let facts = [("/var/local", "", "", before), ("/var/local", "drwxrwsr-x", "root", before)]
      #expect(try review(reversed ? facts.reversed() : facts).isEmpty)
    }
    #expect(
      try review([("/opt/run", "", "", before), ("/opt/run", "-rwsr-xr-x", "root", before)]).map(\.rule) == [
        "file.setuid-in-odd-place"
      ])
  }

  @Test(arguments: [
    ("/home/ops/.config/systemd/user/u.service", true), ("/home/ops/.ssh/rc", true), ("/home/ops/.bash_logout", true),
    ("/opt/app/.git/hooks/post-checkout", true), ("/opt/app/.git/hooks/pre-commit.sample", false),
    ("/etc/apt/apt.conf.d/99x", true), ("/etc/anacrontab", true), ("/var/spool/at/a0000101", true),
    ("/var/spool/cron/atjobs/a0000101", true), ("/var/spool/cron/atjobs/.SEQ", false),
    ("/usr/lib/x86_64-linux-gnu/security/pam_unix2.so", true), ("/usr/lib/modules/6.1.0/extra/d.ko", true),
    ("/usr/lib/python3/dist-packages/x.pth", true), ("/usr/lib/python3/dist-packages/x.py", false),
    ("/etc/ssh/sshd_config", true), ("/etc/ssh/moduli", false), ("/srv/app/run.sh", false),
  ])
  func whatStartsByItself(_ path: String, _ isPersistence: Bool) throws {
    let found = try review([(path, "-rwxr-xr-x", "root", during)])
    #expect(found.contains { $0.rule == "file.persistence-changed" } == isPersistence)
  }

  /// A module that a package brought keeps the time at which it was built.
  @Test func aModuleOfAPackageIsNotWritten() throws {
    var review = FileReview(windows: [try time("2026-11-25T05:20:00Z")...time("2026-11-25T05:26:00Z")])
    review.take(
      FileFact(
        path: "/usr/lib/modules/6.1.0/kernel/a.ko", mode: 0o644, owner: "0",
        times: [FileTime(.modification, try time(before)), FileTime(.change, try time(during))],
        evidence: EvidenceReference(artifact: listing, locator: .whole)))
    #expect(review.findings().map(\.rule) == ["file.changed-in-incident"])
  }
}
