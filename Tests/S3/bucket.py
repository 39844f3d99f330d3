"""Puts a folder into a bucket of a local S3 server, or lists one, with boto3: the other side that the program is compared with.

    bucket.py PORT put BUCKET PREFIX FOLDER     each file as PREFIX + its path, with user metadata `origin` = its path
    bucket.py PORT ls BUCKET PREFIX             JSON: key -> {"bytes", "sha256", "metadata"}
"""

import hashlib
import json
import os
import sys

import boto3
from botocore.config import Config

port, action, bucket, prefix = sys.argv[1:5]
s3 = boto3.client(
    "s3", endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1", aws_access_key_id="AKIDEXAMPLE",
    aws_secret_access_key="not-told", config=Config(s3={"addressing_style": "path"}))
if action == "put":
    s3.create_bucket(Bucket=bucket)
    folder = sys.argv[5]
    for base, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(base, name)
            key = os.path.relpath(path, folder)
            with open(path, "rb") as file:
                s3.put_object(Bucket=bucket, Key=prefix + key, Body=file.read(),
                              Metadata={"origin": key.encode().hex()})
else:
    found = {}
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for one in page.get("Contents", []):
            answer = s3.get_object(Bucket=bucket, Key=one["Key"])
            body = answer["Body"].read()
            found[one["Key"]] = {"bytes": len(body), "sha256": hashlib.sha256(body).hexdigest(),
                                 "metadata": answer["Metadata"]}
    json.dump(found, sys.stdout)
