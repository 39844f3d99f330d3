#!/usr/bin/env python3
"""Writes the inputs of the benchmark: the same bytes in every run.

  generate.py FOLDER MEGABYTES

auth.log, and WAF and CloudTrail as many .gz of about 20 MB unpacked each, made from the records of the sample bundle with
time, address, path and identifiers varied.
"""
import glob, gzip, json, os, random, sys

folder, megabytes = sys.argv[1], int(sys.argv[2])
here = os.path.dirname(os.path.abspath(__file__))
bundle = os.path.join(here, "../../fixtures/log4shell-tomcat/bundle")
rng = random.Random(20261125)
os.makedirs(folder, exist_ok=True)


def address():
    return "%d.%d.%d.%d" % (rng.randrange(1, 224), rng.randrange(256), rng.randrange(256), rng.randrange(1, 255))


def auth():
    users = ["root", "ops", "admin", "tomcat", "deploy", "oracle", "test", "postgres"]
    second, size = 0, 0
    with open(os.path.join(folder, "auth.log"), "w") as out:
        while size < megabytes * 1_000_000:
            second += rng.randrange(0, 3)
            when = "Nov %2d %02d:%02d:%02d" % (1 + second // 86400 % 25, second // 3600 % 24, second // 60 % 60, second % 60)
            user, pid, port, host = rng.choice(users), rng.randrange(300, 32000), rng.randrange(1024, 65535), address()
            kind = rng.randrange(10)
            if kind < 4: text = f"sshd[{pid}]: Failed password for {user} from {host} port {port} ssh2"
            elif kind < 5: text = f"sshd[{pid}]: Invalid user {user}{pid} from {host} port {port}"
            elif kind < 6: text = f"sshd[{pid}]: Connection closed by authenticating user {user} {host} port {port} [preauth]"
            elif kind < 7: text = f"sshd[{pid}]: pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost={host}  user={user}"
            elif kind < 8: text = f"CRON[{pid}]: pam_unix(cron:session): session opened for user {user}(uid=0) by (uid=0)"
            elif kind < 9: text = f"sshd[{pid}]: Accepted publickey for {user} from {host} port {port} ssh2: ED25519 SHA256:{rng.getrandbits(240):060x}"
            else: text = f"sudo: {user:>8} : TTY=pts/{pid % 9} ; PWD=/home/{user} ; USER=root ; COMMAND=/usr/bin/systemctl status app{pid}"
            line = f"{when} ip-10-0-2-15 {text}\n"
            out.write(line)
            size += len(line)


def records(pattern, split):
    found = []
    for path in sorted(glob.glob(os.path.join(bundle, pattern), recursive=True)):
        with gzip.open(path, "rt") as file:
            found += split(file.read())
    return found


def write(name, number, text):
    os.makedirs(os.path.join(folder, name), exist_ok=True)
    # No time in the header: the same bytes in every run.
    with open(os.path.join(folder, name, f"{number:03}.json.gz"), "wb") as out:
        with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=6, mtime=0, filename="") as packed:
            packed.write(text.encode())


def waf():
    base = records("waf/**/*.gz", lambda text: [json.loads(line) for line in text.splitlines() if line])
    for number in range(max(1, megabytes // 20)):
        lines, size = [], 0
        while size < 20_000_000:
            record = rng.choice(base)
            record["timestamp"] = 1795500000000 + rng.randrange(86_400_000)
            record["httpRequest"]["clientIp"] = address()
            record["httpRequest"]["requestId"] = "1-%08x-%024x" % (rng.getrandbits(32), rng.getrandbits(96))
            line = json.dumps(record, separators=(",", ":"))
            lines.append(line)
            size += len(line) + 1
        write("waf", number, "\n".join(lines) + "\n")


def cloudtrail():
    base = records("cloudtrail/**/*.gz", lambda text: json.loads(text)["Records"])
    for number in range(max(1, megabytes // 20)):
        lines, size = [], 0
        while size < 20_000_000:
            record = rng.choice(base)
            record["eventID"] = "%08x-%04x-4%03x-8%03x-%012x" % tuple(rng.getrandbits(bits) for bits in (32, 16, 12, 12, 48))
            record["sourceIPAddress"] = address()
            line = json.dumps(record, separators=(",", ":"))
            lines.append(line)
            size += len(line) + 1
        write("cloudtrail", number, '{"Records":[' + ",".join(lines) + "]}")


auth()
waf()
cloudtrail()
