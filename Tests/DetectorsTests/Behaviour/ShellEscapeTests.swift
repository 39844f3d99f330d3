import Bytes
import Evidence
import Testing

@testable import Detectors

/// Shells that a program which runs as root hands over.
@Suite struct ShellEscapeTests {
  private func severity(_ command: String) -> Severity? {
    command.withView { BehaviourDetector().scan($0, .command) }
      .filter { $0.rule.hasSuffix("sudo-shell-escape") || $0.rule.hasSuffix("set-uid-shell-escape") }.map(\.severity)
      .max()
  }

  @Test(arguments: [
    "sudo find . -exec /bin/sh \\; -quit", "sudo vim -c ':!/bin/sh'", "sudo vim -c ':!sh'",
    "sudo vim -c ':py3 import os; os.execl(\"/bin/sh\", \"sh\", \"-c\", \"reset; exec sh\")'",
    "sudo awk 'BEGIN {system(\"/bin/sh\")}'", "sudo gawk 'BEGIN {system(\"sh\")}'", "sudo env /bin/sh",
    "sudo -u root env X=1 bash", "sudo tar -cf /dev/null /dev/null --checkpoint=1 --checkpoint-action=exec=/bin/sh",
    "sudo less /etc/profile\n!/bin/sh", "sudo man man\n!sh", "sudo python -c 'import os; os.system(\"/bin/sh\")'",
    "sudo python3 -c \"import os; os.execl('/bin/sh','sh')\"", "sudo nmap --interactive",
    "sudo perl -e 'exec \"/bin/sh\";'",
    "sudo ruby -e 'exec \"/bin/sh\"'", "sudo php -r 'system(\"/bin/sh\");'", "sudo lua -e 'os.execute(\"/bin/sh\")'",
    "sudo node -e 'require(\"child_process\").spawn(\"/bin/sh\", {stdio: [0, 1, 2]})'",
    "sudo zip /tmp/x /etc/hosts -T -TT 'sh #'",
    "sudo git -p help config\n!/bin/sh", "sudo apt-get update -o APT::Update::Pre-Invoke::=/bin/sh",
    "sudo apt update -o APT::Update::Pre-Invoke::=/bin/sh",
    "sudo rsync -e 'sh -c \"sh 0<&2 1>&2\"' 127.0.0.1:/dev/null",
    "sudo strace -o /dev/null /bin/sh", "sudo nice /bin/sh", "sudo timeout 7d /bin/sh", "sudo flock -u / /bin/sh",
    "sudo taskset 1 /bin/sh", "sudo stdbuf -i0 /bin/sh", "sudo ssh -o ProxyCommand=';sh 0<&2 1>&2' x",
    "sudo sed -n '1e exec sh 1>&0' /etc/hosts", "sudo ed\n!/bin/sh", "sudo expect -c 'spawn /bin/sh;interact'",
    "sudo gdb -nx -ex '!sh' -ex quit", "sudo mysql -e '\\! /bin/sh'", "sudo sqlite3 /dev/null '.shell /bin/sh'",
    "sudo gcc -wrapper /bin/sh,-s .", "sudo socat stdin exec:/bin/sh", "sudo busybox sh", "sudo xargs -a /dev/null sh",
    "pkexec /bin/sh", "doas awk 'BEGIN {system(\"/bin/sh\")}'", "sudo systemctl status cron\n!sh",
    "sudo PAGER='sh -c \"exec sh 0<&1\"' git -p help", "./find . -exec /bin/sh -p \\; -quit",
    "./python -c 'import os; os.execl(\"/bin/sh\", \"sh\", \"-p\")'", "./env /bin/sh -p",
  ])
  func lendAShell(command: String) { #expect(severity(command) == .medium) }

  @Test(arguments: ["sudo -u#-1 /bin/bash", "sudo -u '#-1' id", "sudo -u#4294967295 bash"])
  func asNobodyThatSudoKnows(command: String) { #expect(severity(command) == .high) }

  @Test(arguments: [
    "sudo find /srv -name '*.sh' -exec chmod +x {} \\;",
    "sudo find . -exec sh -c 'mv \"$1\" \"${1%.txt}.md\"' _ {} \\;",
    "sudo vim /etc/hosts", "sudo awk '{print $1}' /var/log/auth.log", "sudo env PATH=/opt/bin make install",
    "sudo env FOO=1 bash deploy.sh", "sudo tar czf /srv/b.tgz /etc", "sudo less /var/log/syslog", "sudo man find",
    "sudo python3 -c 'import os; print(os.getcwd())'", "sudo nmap -sS 10.0.0.1", "sudo perl -pi -e 's/a/b/' f",
    "sudo git pull", "sudo apt update", "sudo rsync -e 'ssh -p 2222' -a a/ h:b/", "sudo strace -p 812",
    "sudo nice -n 5 make",
    "sudo timeout 60 bash backup.sh", "sudo bash", "sudo -i", "sudo su -",
    "sudo sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward'",
    "sudo chroot /mnt /bin/bash", "sudo docker exec -it web bash", "sudo systemctl status cron",
    "sudo -u postgres psql",
    "pkexec gedit /etc/fstab", "sudo xargs -a list rm", "sudo ssh web2 uptime", "sudo sed -i 's/sh/bash/' /etc/passwd",
    "bash -p", "find . -name run.sh -exec sh {} \\;", "sudo vim run.sh", "sudo git commit -m 'exec shell'",
    "sudo expect install.exp", "sudo crontab -e", "sudo make install", "mysql -e 'select 1'",
  ])
  func everyDay(command: String) { #expect(severity(command) == nil) }
}
