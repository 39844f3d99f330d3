"""A webhook that answers as it is told: server.py FILE ANSWER…

Each ANSWER is STATUS or STATUS:RETRY_AFTER or STATUS:body=SECONDS; the last one is given again and again. Writes the port on
the first line of FILE and then every body that it gets, one a line. Ends after ten requests or twenty seconds.
"""
import http.server
import json
import sys
import threading

log, answers, taken = open(sys.argv[1], 'a', buffering=1), sys.argv[2:], [0]


class Webhook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get('Content-Length', 0))).decode('utf-8', 'replace')
        answer = answers[min(taken[0], len(answers) - 1)]
        taken[0] += 1
        log.write(json.dumps({'path': self.path, 'type': self.headers.get('Content-Type'), 'body': body}) + '\n')
        status, _, more = answer.partition(':')
        said = b''
        self.send_response(int(status))
        if more.startswith('body='):
            said = json.dumps({'message': 'You are being rate limited.', 'retry_after': float(more[5:])}).encode()
        elif more:
            self.send_header('Retry-After', more)
        self.send_header('Content-Length', str(len(said)))
        self.end_headers()
        self.wfile.write(said)
        if taken[0] >= 10:
            threading.Thread(target=server.shutdown).start()

    def log_message(self, *ignored):
        pass


server = http.server.HTTPServer(('127.0.0.1', 0), Webhook)
log.write('%d\n' % server.server_port)
stop = threading.Timer(20, server.shutdown)
stop.daemon = True
stop.start()
server.serve_forever()
