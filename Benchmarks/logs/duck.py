#!/usr/bin/env python3
"""DuckDB over the same files: read_json and one regular expression, two threads. Usage: duck.py waf|waf-varied|cloudtrail FOLDER"""
import resource, sys, time

import duckdb

kind, folder = sys.argv[1:3]
base = duckdb.connect()
base.execute("SET threads TO 2")
begun = time.time()
if kind.startswith("waf"):
    query = f"""SELECT count(*), count(*) FILTER (regexp_matches(concat(httpRequest.uri, '?', httpRequest.args, to_json(httpRequest.headers)), '(?i)\\$\\{{.{{0,40}}j'))
      FROM read_json('{folder}/*.gz', format='newline_delimited')"""
else:
    query = f"""SELECT count(*), count(*) FILTER (regexp_matches(eventName, '(?i)^(List|Describe|Get)'))
      FROM (SELECT unnest(Records, recursive := true) FROM read_json('{folder}/*.gz', maximum_object_size=100000000))"""
rows = base.execute(query).fetchall()
wall = time.time() - begun
usage = resource.getrusage(resource.RUSAGE_SELF)
print(f"duckdb {duckdb.__version__} {kind} rows={rows[0]} wall={wall:.2f}s cpu={usage.ru_utime + usage.ru_stime:.2f}s rss={usage.ru_maxrss // 1024}MiB")
