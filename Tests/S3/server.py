"""Starts moto as a server on a free port of the loopback, prints the port, and ends with its standard input or after ten minutes."""

import logging
import os
import sys
import threading

os.environ["MOTO_S3_DEFAULT_MAX_KEYS"] = "3"  # so that a few objects are several pages

from moto.server import ThreadedMotoServer

logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
watch = threading.Timer(600, server.stop)
watch.daemon = True
watch.start()
sys.stdin.read()
server.stop()
