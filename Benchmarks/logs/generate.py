#!/usr/bin/env python3
"""Writes the inputs of the benchmark: the same bytes in every run.

  generate.py FOLDER MEGABYTES

auth.log, and WAF and CloudTrail as many .gz of about 20 MB unpacked each. `waf` and `cloudtrail` are the records of the sample
bundle with time, address and identifiers varied: they pack 25:1 and 13:1. `waf-varied` is like a shop's traffic, many clients
with sessions, pages, queries and headers of their own, which packs 11:1 as WAF logs do; one request in ten thousand is an attack.
`waf-small` is the same in files of a hundred records, as the service delivers them where there is less traffic. `cloudtrail-varied` is like a busy account: services, people and two hundred instances, each from where it always calls;
in `cloudtrail` every call comes from a network of its own, which is nobody's account and thousands of findings.
"""
import datetime, glob, gzip, json, os, random, sys

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


AGENTS = [
    f"Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{major}.0.{build}.{patch} Safari/537.36"
    for system in ("Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7", "X11; Linux x86_64", "Linux; Android 10; K")
    for major, build, patch in ((131, 6778, 86), (130, 6723, 117), (129, 6668, 101), (128, 6613, 138))
] + [
    f"Mozilla/5.0 (iPhone; CPU iPhone OS {minor} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{short} Mobile/15E148 Safari/604.1"
    for minor, short in (("18_1", "18.1"), ("17_6_1", "17.6"), ("16_7_10", "16.6"))
]
PAGES = ["/", "/search", "/cart", "/api/v2/items", "/api/v2/cart/items", "/account/orders", "/static/js/app.js", "/static/img/p"]


def hexadecimal(digits):
    return "%0*x" % (digits, rng.getrandbits(4 * digits))


def client():
    session = [{"name": "Host", "value": "shop.cumulus.example"}, {"name": "User-Agent", "value": rng.choice(AGENTS)}]
    session.append({"name": "Accept", "value": rng.choice(["*/*", "application/json", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"])})
    session.append({"name": "Accept-Encoding", "value": "gzip, deflate, br, zstd"})
    session.append({"name": "Accept-Language", "value": rng.choice(["ko-KR,ko;q=0.9,en-US;q=0.8", "en-US,en;q=0.9", "ja,en;q=0.8"])})
    session.append({"name": "Cookie", "value": f"sid={hexadecimal(32)}; _ga=GA1.2.{rng.randrange(10**9)}.{rng.randrange(10**9)}; csrf={hexadecimal(24)}"})
    return address(), rng.choice(["KR", "KR", "KR", "US", "JP", "DE"]), session, hexadecimal(32), hexadecimal(12)


def waf_varied():
    base = records("waf/**/*.gz", lambda text: [json.loads(line) for line in text.splitlines() if line])
    attack = next(record for record in base if "jndi" in json.dumps(record))
    plain = next(record for record in base if not record["labels"])
    clients = [client() for _ in range(2000)]
    count, parts = 0, 0
    for number in range(max(1, megabytes // 20)):
        lines, size, time = [], 0, 1795500000000 + number * 3_600_000
        while size < 20_000_000:
            time += rng.randrange(200)
            count += 1
            record = attack if count % 10_000 == 0 else plain
            request = record["httpRequest"]
            record["timestamp"] = time
            request["requestId"] = f"1-{time // 1000:08x}-{hexadecimal(24)}"
            if record is plain:
                if rng.randrange(50) == 0: clients[rng.randrange(len(clients))] = client()
                request["clientIp"], request["country"], headers, record["ja3Fingerprint"], tail = rng.choice(clients)
                page = rng.choice(PAGES)
                request["uri"] = page + (f"/{rng.randrange(10**6)}" if page.count("/") > 1 else "")
                request["args"] = rng.choice(["", "", f"q={hexadecimal(6)}&page={rng.randrange(40)}", f"id={rng.randrange(10**7)}&ref={hexadecimal(8)}"])
                request["httpMethod"] = rng.choice(["GET", "GET", "GET", "POST"])
                trace = [{"name": "X-Request-Id", "value": hexadecimal(32)}, {"name": "Referer", "value": f"https://shop.cumulus.example{rng.choice(PAGES)}/{rng.randrange(10**6)}"}]
                request["headers"] = headers + trace
                record["ja4Fingerprint"] = f"t13d1516h2_8daaf6152771_{tail}"
            line = json.dumps(record, separators=(",", ":"))
            lines.append(line)
            size += len(line) + 1
        write("waf-varied", number, "\n".join(lines) + "\n")
        for start in range(0, len(lines), 100):
            write("waf-small", parts, "\n".join(lines[start:start + 100]) + "\n")
            parts += 1


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


def cloudtrail_varied():
    base = records("cloudtrail/**/*.gz", lambda text: json.loads(text)["Records"])
    attacks = [record for record in base if record["sourceIPAddress"] == "203.0.113.66"]
    plain = [record for record in base if "errorCode" not in record and record not in attacks]
    instances = [("i-0" + hexadecimal(16), f"198.51.100.{1 + number % 4}") for number in range(200)]
    people, count = {}, 0
    for number in range(max(1, megabytes // 20)):
        lines, size, time = [], 0, 1795500000 + number * 3600
        while size < 20_000_000:
            time += rng.randrange(20) == 0
            count += 1
            record = dict(rng.choice(attacks if count % 10_000 == 0 else plain))
            record["eventID"] = "%08x-%04x-4%03x-8%03x-%012x" % tuple(rng.getrandbits(bits) for bits in (32, 16, 12, 12, 48))
            record["requestID"] = f"{hexadecimal(8)}-{hexadecimal(4)}-{hexadecimal(4)}-{hexadecimal(4)}-{hexadecimal(12)}"
            record["eventTime"] = datetime.datetime.fromtimestamp(time, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
            session = record["userIdentity"].get("arn", "").rpartition("/i-")[2]
            if record in attacks or not record["sourceIPAddress"][0].isdigit():
                line = json.dumps(record, separators=(",", ":"))
            elif session:
                instance, record["sourceIPAddress"] = rng.choice(instances)
                line = json.dumps(record, separators=(",", ":")).replace("i-" + session, instance)
            else:
                name = record["userIdentity"]["userName"] + str(rng.randrange(10))
                record["sourceIPAddress"] = people.setdefault(name, address())
                line = json.dumps(record, separators=(",", ":")).replace(record["userIdentity"]["userName"], name)
            lines.append(line)
            size += len(line) + 1
        write("cloudtrail-varied", number, '{"Records":[' + ",".join(lines) + "]}")


auth()
waf()
cloudtrail()
waf_varied()
cloudtrail_varied()
