"""Signs requests with botocore, to compare: a JSON list on standard input, the Authorization headers on standard output."""

import datetime
import json
import sys

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

out = []
for case in json.load(sys.stdin):
    moment = datetime.datetime.strptime(case["time"], "%Y%m%dT%H%M%SZ")
    botocore.auth.get_current_datetime = lambda *_, **__: moment
    request = AWSRequest(method=case["method"], url=case["url"], headers=case["headers"], data=case["body"].encode())
    credentials = Credentials(case["key"], case["secret"], case.get("token"))
    botocore.auth.S3SigV4Auth(credentials, "s3", case["region"]).add_auth(request)
    out.append(request.headers["Authorization"])
json.dump(out, sys.stdout)
