"""Starts moto as a server on a free port of the loopback, prints the port, and ends with its standard input or after ten minutes."""

import sys
import threading

from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
watch = threading.Timer(600, server.stop)
watch.daemon = True
watch.start()
sys.stdin.read()
server.stop()
