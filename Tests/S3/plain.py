"""Serves a folder as an S3 bucket, as fast as Python can: for measuring. Loopback only, read only, no signatures looked at.

    plain.py FOLDER        prints its port; ends with its standard input; the bucket may have any name
"""

import os
import socket
import sys
import threading
import time
import urllib.parse
from xml.sax.saxutils import escape

FOLDER = os.path.realpath(sys.argv[1])


def etag(status):
    return f'"{status.st_size:x}-{status.st_mtime_ns:x}"'


def listing():
    out = ["<ListBucketResult><IsTruncated>false</IsTruncated>"]
    for base, _, names in os.walk(FOLDER):
        for name in sorted(names):
            path = os.path.join(base, name)
            status = os.stat(path)
            when = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(status.st_mtime))
            out.append(f"<Contents><Key>{escape(os.path.relpath(path, FOLDER))}</Key><LastModified>{when}</LastModified>"
                       f"<ETag>{escape(etag(status))}</ETag><Size>{status.st_size}</Size></Contents>")
    return ("".join(out) + "</ListBucketResult>").encode()


def answer(connection, method, target, headers):
    path, _, query = target.partition("?")
    parts = urllib.parse.unquote(path).lstrip("/").split("/", 1)
    if "list-type=2" in query:
        body = listing()
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        return
    place = os.path.realpath(os.path.join(FOLDER, parts[1] if len(parts) > 1 else ""))
    if not place.startswith(FOLDER + os.sep) or not os.path.isfile(place):
        connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        return
    with open(place, "rb") as file:
        status = os.fstat(file.fileno())
        first, last = 0, status.st_size - 1
        head = "HTTP/1.1 200 OK\r\n"
        if "range" in headers:
            low, high = headers["range"].split("=")[1].split("-")
            first, last = int(low), min(int(high or last), last)
            head = f"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {first}-{last}/{status.st_size}\r\n"
        head += f"ETag: {etag(status)}\r\nContent-Length: {last - first + 1}\r\n\r\n"
        connection.sendall(head.encode())
        while method != "HEAD" and first <= last:
            first += os.sendfile(connection.fileno(), file.fileno(), first, last - first + 1)


def serve(connection):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    data = b""
    try:
        while True:
            while b"\r\n\r\n" not in data:
                more = connection.recv(65536)
                if not more:
                    return
                data += more
            head, data = data.split(b"\r\n\r\n", 1)
            lines = head.decode("latin-1").split("\r\n")
            method, target, _ = lines[0].split(" ")
            headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines[1:])}
            answer(connection, method, target, headers)
    except OSError:
        pass
    finally:
        connection.close()


listener = socket.create_server(("127.0.0.1", 0), backlog=128)
print(listener.getsockname()[1], flush=True)


def accept():
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


threading.Thread(target=accept, daemon=True).start()
sys.stdin.read()
