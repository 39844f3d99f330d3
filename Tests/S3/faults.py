"""A proxy between the tests and an S3 server, that spoils answers as it is told. Loopback only.

    faults.py UPSTREAM_PORT        prints its own port; ends with its standard input, or after ten minutes

`POST /_faults` with a JSON list puts rules in place; `GET /_requests` gives the request lines that came, and forgets them.
A rule:
    match   text that the request line must contain            times   how often it applies (default 1)
    skip    matching requests that pass before it applies      do      what happens:
      {"status": 503, "code": "SlowDown", "headers": {...}, "region": "..."}   an answer of its own
      {"reset": N}     N bytes of the body, then a TCP reset   {"short": N}     N bytes of the body, then a clean end
      {"lie": N}       Content-Length and body N bytes longer  {"stall": S}     silence for S seconds, then a reset
      {"etag": "x"}    another ETag in the answer              {"add": {...}}   more headers in the answer
      {"plain": true}  200 and the whole object for any range
It also answers like the metadata service of EC2 (`/latest/...`) and the credentials endpoint of containers (`/container`).
"""

import http.client
import json
import socket
import struct
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

UPSTREAM = int(sys.argv[1])
LOCK = threading.Lock()
RULES = []
SEEN = []
ISSUED = [0]


def credentials(seconds):
    """Keys that end so many seconds from now; their number tells how often they were asked for."""
    with LOCK:
        ISSUED[0] += 1
        number = ISSUED[0]
    end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))
    return {"Code": "Success", "AccessKeyId": f"ASIAROLE{number:08d}", "SecretAccessKey": "role-secret",
            "Token": f"role-token-{number}", "Expiration": end}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # An answer is written in one piece, so that no small packet waits for another's acknowledgement.
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def reply(self, status, body=b"", headers=None):
        self.send_response_only(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if "Content-Length" not in (headers or {}):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def rule(self):
        line = f"{self.command} {self.path} {self.headers.get('Range', '')}"
        with LOCK:
            SEEN.append({"line": line, "authorization": self.headers.get("Authorization", ""),
                         "host": self.headers.get("Host", ""), "token": self.headers.get("X-Amz-Security-Token", "")})
            for rule in RULES:
                if rule.get("match", "") in line and rule.get("times", 1) > 0:
                    if rule.get("skip", 0) > 0:
                        rule["skip"] -= 1
                        continue
                    rule["times"] = rule.get("times", 1) - 1
                    return rule["do"]
        return None

    def own(self, body):
        if self.path == "/_faults":
            with LOCK:
                RULES[:] = json.loads(body)
                SEEN.clear()
            self.reply(200)
        elif self.path == "/_requests":
            with LOCK:
                text = json.dumps(SEEN).encode()
                SEEN.clear()
            self.reply(200, text)
        elif self.path == "/latest/api/token" and self.command == "PUT":
            self.reply(200, b"imds-session")
        elif self.path.startswith("/latest/"):
            if self.headers.get("X-aws-ec2-metadata-token") != "imds-session":
                self.reply(401)
            elif self.path.endswith("/security-credentials/"):
                self.reply(200, b"ir-role\n")
            elif self.path.endswith("/security-credentials/ir-role"):
                self.reply(200, json.dumps(credentials(3600)).encode())
            elif self.path.endswith("/placement/region"):
                self.reply(200, b"ap-northeast-2")
            else:
                self.reply(404)
        elif self.path.startswith("/container"):
            seconds = 60 if "soon" in self.path else 3600
            good = self.headers.get("Authorization") == "pod-token"
            self.reply(200 if good else 403, json.dumps(credentials(seconds)).encode() if good else b"")
        else:
            return False
        return True

    def end_hard(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0) or 0))
        if self.own(body):
            return
        do = self.rule()
        if do and "status" in do:
            region = f"<Region>{do['region']}</Region>" if "region" in do else ""
            text = f"<Error><Code>{do.get('code', '')}</Code><Message>no</Message>{region}</Error>"
            return self.reply(do["status"], text.encode(), do.get("headers"))
        if do and "stall" in do:
            time.sleep(min(do["stall"], 30))
            return self.end_hard()
        upstream = http.client.HTTPConnection("127.0.0.1", UPSTREAM, timeout=60)
        headers = {name: value for name, value in self.headers.items()
                   if not (do and "plain" in do and name.lower() == "range")}
        upstream.request(self.command, self.path, body, headers)
        answer = upstream.getresponse()
        data = answer.read()
        upstream.close()
        kept = {name: value for name, value in answer.getheaders()
                if name.lower() not in ("connection", "transfer-encoding", "date", "server")}
        if self.command != "HEAD":
            kept = {name: value for name, value in kept.items() if name.lower() != "content-length"}
            kept["Content-Length"] = str(len(data))
        if do and "etag" in do:
            kept = {name: value for name, value in kept.items() if name.lower() != "etag"} | {"ETag": do["etag"]}
        if do and "add" in do:
            kept |= do["add"]
        if do and "lie" in do:
            data += b"x" * do["lie"]
            kept["Content-Length"] = str(len(data))
        if do and ("reset" in do or "short" in do):
            cut = do.get("reset", do.get("short"))
            self.reply(answer.status, data[:cut], kept)
            self.wfile.flush()
            if "reset" in do:
                time.sleep(0.05)  # so that what was sent is read before the reset throws it away
                self.end_hard()
            self.close_connection = True
            return None
        return self.reply(answer.status, data, kept)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = serve


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        pass


server = Server(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
watch = threading.Timer(600, server.shutdown)
watch.daemon = True
watch.start()
sys.stdin.read()
