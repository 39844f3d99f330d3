import Bytes
import Evidence

extension BehaviourRule {
  private static let readers = NameTable(["cat", "less", "head", "cp", "base64", "curl", "wget", "tar", "xxd"])

  /// Reaching beyond the host: its cloud account, its cluster, its neighbours, and what lies in its files and memory for
  /// that purpose.
  ///
  /// Each is a command with one meaning; how often an administrator types it decides the severity.
  static let reachRules: [BehaviourRule] = [
    BehaviourRule(
      "cloud-identity-created", "Cloud identity or key made from the host", .medium, ["T1136.003", "T1098.001"],
      leads: [
        "iam create-user", "iam create-access-key", "iam create-login-profile", "iam attach-user-policy",
        "iam put-user-policy", "iam attach-role-policy", "iam update-assume-role-policy", "iam add-user-to-group",
      ]
    ) { it in it.runs(NameTable(["aws"])) },
    BehaviourRule(
      "cloud-logging-stopped", "Cloud logging switched off from the host", .medium, ["T1562.008"],
      leads: [
        "cloudtrail stop-logging", "cloudtrail delete-trail", "guardduty delete-detector", "ec2 delete-flow-logs",
        "configservice stop-configuration-recorder", "logs delete-log-group",
      ]
    ) { it in it.runs(NameTable(["aws"])) },
    BehaviourRule(
      "cloud-exposure", "Cloud data opened from the host", .medium, ["T1537", "T1530"],
      leads: ["modify-snapshot-attribute", "modify-image-attribute", "put-bucket-acl", "put-bucket-policy"]
    ) { it in
      it.runs(NameTable(["aws"]))
        && it.hasAny(["--user-ids", "all", "public-read", "add", "\"Principal\":\"*\"", "\"Principal\": \"*\""])
    },
    BehaviourRule(
      "cloud-secrets-read", "Secrets read from the cloud account", .low, ["T1555.006"],
      leads: ["secretsmanager get-secret-value", "--with-decryption", "kubectl get secret", "vault kv get"]
    ) { it in it.runs(NameTable(["aws", "kubectl", "vault"])) },
    BehaviourRule(
      "cluster-admin-granted", "Rights over the whole cluster given away", .low, ["T1098.006"],
      leads: ["clusterrolebinding"]
    ) { it -> Severity? in
      guard it.runs(NameTable(["kubectl"])), it.has("create"), it.has("cluster-admin") else { return nil }
      // To whom every pod without an account of its own, or anyone at all, belongs.
      return it.hasAny([
        ":default ", "system:anonymous", "system:unauthenticated", "system:serviceaccounts", "system:authenticated",
      ]) || it.text.hasSuffix(":default") ? .medium : .low
    },
    BehaviourRule(
      "cluster-token-read", "Token of the container's service account read", .medium, ["T1528", "T1552.001"],
      leads: ["secrets/kubernetes.io/serviceaccount"]
    ) { it in it.runs(readers) },
    BehaviourRule(
      "credential-search", "Files searched for keys", .medium, ["T1552.001", "T1552.004"],
      leads: [
        "id_rsa", "id_ed25519", "AKIA", "ASIA", "aws_secret_access_key", ".pem", "BEGIN RSA PRIVATE",
        "-name credentials",
      ]
    ) { it in
      // A whole disk or all homes, not a project.
      let isWide = it.hasAny([" / ", " /home", " /root", " ~ ", " /etc", " /var", " /opt"])
      let finds = it.running(NameTable(["find"])).contains { words in
        words.contains { $0 == "-name" || $0 == "-iname" }
      }
      let greps = it.running(NameTable(["grep", "egrep", "rg"])).contains { words in
        words.contains {
          $0[0] == 0x2D && $0[1] != 0x2D && ($0.firstIndex(of: 0x72) != nil || $0.firstIndex(of: 0x52) != nil)
        }
      }
      return isWide && (finds || greps)
    },
    BehaviourRule(
      "environment-search", "Environment searched for keys", .low, ["T1552.001"], leads: ["env | grep", "env|grep"]
    ) { it in
      it.running(NameTable(["grep", "egrep"])).contains { words in
        words.dropFirst().contains { word in
          word.equalsIgnoringCase("aws") || word.equalsIgnoringCase("secret") || word.equalsIgnoringCase("token")
            || word.equalsIgnoringCase("password")
        }
      }
    },
    BehaviourRule(
      "application-password-read", "Settings with an application's password read", .low, ["T1552.001"],
      leads: ["wp-config.php"]
    ) { it in
      it.running(NameTable(["cat", "less", "more", "head", "tail", "grep", "strings", "base64"])).contains { words in
        words.contains { $0.hasSuffix("wp-config.php") }
      }
    },
    BehaviourRule(
      "host-sweep", "Neighbours looked for one by one", .low, ["T1018"], leads: ["ping -c", "fping ", "nc -z"]
    ) {
      it in
      it.hasAny(["seq 1 25", "{1..25", "$(seq ", "fping -g"]) && it.hasAny(["for ", "xargs", "fping -g"])
    },
    BehaviourRule(
      "password-guessing", "Passwords guessed", .medium, ["T1110"],
      leads: ["hydra ", "medusa ", "ncrack ", "patator ", "sshpass -p", "john ", "hashcat "]
    ) { it in
      if it.runs(NameTable(["sshpass"])) { return it.hasAny(["for ", "while "]) ? .medium : nil }
      let guesses = it.running(NameTable(["hydra", "medusa", "ncrack", "patator", "john", "hashcat"])).contains {
        words in
        // Help and the version guess nothing.
        !words.dropFirst().contains { $0 == "--help" || $0 == "--version" || $0 == "-V" && words.count == 2 }
          && !(words.count == 2 && words.last.map { $0 == "-h" } == true)
      }
      return guesses ? .medium : nil
    },
    BehaviourRule(
      "process-memory-read", "Memory of another process copied", .medium, ["T1003.007"],
      leads: ["gcore ", "/dev/mem", "/dev/kmem", "/proc/kcore", "mimipenguin", "dump memory", "/mem"]
    ) { it in
      guard it.runs(NameTable(["gcore", "dd", "cat", "strings", "cp", "gdb"])) else { return false }
      if it.hasAny(["gcore ", "/dev/mem", "/dev/kmem", "/proc/kcore", "mimipenguin", "dump memory"]) { return true }
      // `dd if=/proc/812/mem`
      return it.has("/proc/")
        && it.commands.contains { $0.words.contains { $0.hasSuffix("/mem") && $0.contains("/proc/") } }
    },
    BehaviourRule(
      "login-traced", "Server of logins traced for passwords", .medium, ["T1056", "T1003"], leads: ["strace "]
    ) { it in it.has("sshd") && it.running(NameTable(["strace"])).contains { $0.contains { $0 == "-p" } } },
    BehaviourRule(
      "preload-once", "Library from a scratch directory put before all others", .medium, ["T1574.006"],
      leads: ["LD_PRELOAD=/tmp/", "LD_PRELOAD=/dev/shm/", "LD_PRELOAD=/var/tmp/", "LD_PRELOAD=./"]
    ) { it in it.hasAny(["LD_PRELOAD=/tmp/", "LD_PRELOAD=/dev/shm/", "LD_PRELOAD=/var/tmp/"]) ? .medium : .low },
    BehaviourRule(
      "log-lines-removed", "Lines taken out of a log", .medium, ["T1070.002"], leads: ["/var/log/"]
    ) { it in
      // `grep -v IP LOG > COPY; mv COPY LOG`
      let filters = it.running(NameTable(["grep", "egrep"])).contains { words in
        words.contains { $0 == "-v" || $0 == "-vE" || $0 == "-Ev" }
      }
      if filters,
        it.running(NameTable(["mv", "cp"])).contains(where: { $0.last.map { $0.hasPrefix("/var/log/") } == true })
      {
        return true
      }
      return it.running(NameTable(["sed", "perl"])).contains { words in
        words.contains { $0.hasPrefix("-i") || $0 == "-pi" || $0 == "--in-place" }
      } && it.hasAny(["/d", "s/"])
    },
    BehaviourRule(
      "stream-upload", "Archive or dump sent away as it is made", .medium, ["T1560.001", "T1048.003"],
      leads: ["@-", "-T -", "nc ", "ncat "]
    ) { it in
      for (index, command) in it.commands.enumerated() where command.end == 0x7C && index + 1 < it.commands.count {
        let makes = CommandPrefix.drop(command.words).first.map {
          makers.contains(ShellWords.baseName($0))
        }
        guard makes == true else { continue }
        let later = it.commands[(index + 1)...].prefix(4)
        let tools = later.compactMap { CommandPrefix.drop($0.words).first.map { ShellWords.baseName($0) } }
        // A copy to a neighbour by netcat is how disks are moved; out of the network it is not.
        if it.namesPublicAddress, tools.contains(where: { $0 == "nc" || $0 == "ncat" || $0 == "netcat" }) {
          return true
        }
        if tools.contains(where: { $0 == "curl" }), it.namesAddress || it.hasAny(["http://", "ftp://"]) { return true }
      }
      return false
    },
  ]

  private static let makers = NameTable(["tar", "zip", "mysqldump", "pg_dump", "pg_dumpall", "mongodump", "gzip", "dd"])
}
