#!/usr/bin/env python3
"""Reads a report's files with the programs that they are for, and compares what they say: check_twins.py OUT.

Timesketch's own importer reads timeline.csv and timeline.jsonl up to the point where it would send them to a server; OASIS's
stix2 library parses stix.json and refuses what the standard does, and so does its stix2-validator. Then the same facts are looked
for in every file. Needs `pip install timesketch-import-client stix2 stix2-validator==3.2.0` (later ones came without the schemas);
exit status 77 without them.
"""
import csv
import json
import re
import sys

try:
    import stix2
    import stix2validator
    from timesketch_import_client import importer
except ImportError as error:
    print(error)
    sys.exit(77)


class Streamer(importer.ImportStreamer):
    """The importer with its last step, the upload, left out."""

    def __init__(self):
        super().__init__()
        self.rows, self.columns = 0, set()

    def _ready(self):
        pass

    def _upload_data_frame(self, data_frame, end_stream, retry_count=0):
        self.rows += len(data_frame)
        self.columns |= set(data_frame.columns)

    def _upload_data_buffer(self, end_stream, retry_count=0):
        self.rows += len(self._data_lines)
        for line in self._data_lines:
            self.columns |= set(line)

    def close(self):
        if self._data_lines:
            self.flush(end_stream=True)


def main():
    out = sys.argv[1]
    failures = []

    def expect(what, holds):
        print('%s  %s' % ('ok  ' if holds else 'FAIL', what))
        if not holds:
            failures.append(what)

    lines = [json.loads(line) for line in open(out + '/timeline.jsonl', encoding='utf-8')]
    needed = {'message', 'datetime', 'timestamp', 'timestamp_desc', 'data_type'}
    for name in ('timeline.csv', 'timeline.jsonl'):
        streamer = Streamer()
        streamer.set_timeline_name('x')
        streamer.add_file(out + '/' + name)
        streamer.close()
        expect('Timesketch takes %d of %d events of %s' % (streamer.rows, len(lines), name), streamer.rows == len(lines))
        expect('and finds its columns in %s' % name, needed <= streamer.columns)
    csv.field_size_limit(1 << 30)
    with open(out + '/timeline.csv', encoding='utf-8', newline='') as file:
        table = list(csv.DictReader(file))
    expect('both timelines tell the same events in the same order', len(table) == len(lines) and all(
        int(row['timestamp']) == line['timestamp'] and row['locator'] == line['locator'] and row['artifact'] == line['artifact']
        for row, line in zip(table, lines)))
    bundle = stix2.parse(json.load(open(out + '/stix.json', encoding='utf-8')), allow_custom=False, version='2.1')
    print('      %d STIX objects' % len(bundle.objects))
    result = stix2validator.validate_file(out + '/stix.json', stix2validator.ValidationOptions(version='2.1'))
    errors = ['\n      %s: %s' % (one.object_id, error) for one in result.object_results for error in one.errors]
    expect('stix2-validator calls it valid' + ''.join(errors[:5]), result.is_valid)
    known = {one['id'] for one in bundle.objects}
    refs = {ref for one in bundle.objects for key, value in one.items() if key.endswith(('_ref', '_refs'))
            for ref in (value if isinstance(value, list) else [value])}
    expect('every STIX reference has its object', refs <= known)
    findings = [json.loads(line) for line in open(out + '/findings.jsonl', encoding='utf-8')]
    ids = {one['id'] for one in findings}
    incident = json.load(open(out + '/incident.json', encoding='utf-8'))
    ocsf = [json.loads(line) for line in open(out + '/ocsf.jsonl', encoding='utf-8')]
    sarif = json.load(open(out + '/findings.sarif', encoding='utf-8'))
    layer = json.load(open(out + '/attack-layer.json', encoding='utf-8'))
    expect('OCSF has the same findings', {one['finding_info']['uid'] for one in ocsf} == ids)
    numbers = {'informational': 1, 'low': 2, 'medium': 3, 'high': 4, 'critical': 5}
    by_id = {one['id']: one for one in findings}
    expect('with the same severities', all(
        numbers[by_id[one['finding_info']['uid']]['severity']] == one['severity_id'] for one in ocsf))
    results = [result for run in sarif['runs'] for result in run['results']]
    expect('SARIF has the same findings', len(results) == len(findings))
    expect('and the same rules', {one['ruleId'] for one in results} == {one['rule'] for one in findings})
    techniques = {one for finding in findings for one in finding['attack'] if re.fullmatch(r'T\d{4}(\.\d{3})?', one)}
    expect('the layer has the findings\' techniques', {one['techniqueID'] for one in layer['techniques']} <= techniques)
    text = open(out + '/report.md', encoding='utf-8').read()
    page = open(out + '/report.html', encoding='utf-8').read()
    plain = text.replace('\\', '')
    expect('the verdict is in Markdown and on the page', all(
        re.sub(r'\W', '', sentence) in re.sub(r'\W', '', plain) for sentence in incident['verdict']))
    stix_text = json.dumps(json.load(open(out + '/stix.json', encoding='utf-8')))
    expect('attackers are the same everywhere', all(
        address in stix_text and address in plain and address in page for address in incident['attackers']))
    expect('counts agree', incident['counts']['timeline'] == len(lines) and sum(
        incident['counts']['findings'].values()) == len(findings))
    bodyfile = [line.rstrip('\n').split('|') for line in open(out + '/bodyfile', encoding='utf-8')]
    expect('every row of the bodyfile has eleven fields', all(len(row) == 11 for row in bodyfile))
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
