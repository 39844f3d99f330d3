#!/usr/bin/env python3
"""Opens a report page in Chromium and uses it as a reader would: check_report.py REPORT_HTML [SCREENSHOT_FOLDER].

Fails when the page asks for anything over a network, violates its own policy, throws, runs a script that evidence
brought, or when the timeline, its keys, the filters, the search or the theme switch do not work. Needs Chromium and
nothing else; speaks the DevTools protocol over a pipe. Exit status 0 when all is well, 77 when there is no Chromium.
"""
import base64
import json
import os
import shutil
import subprocess
import sys
import time


class Browser:
    """Chromium with its DevTools pipe on descriptors 3 and 4."""

    def __init__(self, program):
        to_read, self.out = os.pipe()
        self.back, to_write = os.pipe()

        def descriptors():
            os.dup2(to_read, 30)
            os.dup2(to_write, 31)
            os.dup2(30, 3)
            os.dup2(31, 4)

        self.process = subprocess.Popen(
            [program, '--headless', '--no-sandbox', '--disable-gpu', '--remote-debugging-pipe', '--window-size=1440,1000',
             '--user-data-dir=' + os.environ.get('TMPDIR', '/tmp') + '/report-check-%d' % os.getpid()],
            preexec_fn=descriptors, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(to_write)
        self.rest, self.number, self.events, self.session = b'', 0, [], None
        target = self.call('Target.createTarget', url='about:blank')['targetId']
        self.session = self.call('Target.attachToTarget', targetId=target, flatten=True)['sessionId']

    def call(self, method, **parameters):
        self.number += 1
        message = {'id': self.number, 'method': method, 'params': parameters}
        if self.session:
            message['sessionId'] = self.session
        os.write(self.out, json.dumps(message).encode() + b'\0')
        while True:
            answer = self.receive()
            if answer.get('id') == self.number:
                if 'error' in answer:
                    raise RuntimeError('%s: %s' % (method, answer['error']))
                return answer.get('result', {})

    def receive(self):
        while b'\0' not in self.rest:
            part = os.read(self.back, 1 << 20)
            if not part:
                raise RuntimeError('the browser has ended')
            self.rest += part
        line, self.rest = self.rest.split(b'\0', 1)
        answer = json.loads(line)
        if 'method' in answer:
            self.events.append(answer)
        return answer

    def value(self, expression):
        result = self.call('Runtime.evaluate', expression=expression, returnByValue=True, awaitPromise=True)
        if 'exceptionDetails' in result:
            raise RuntimeError('%s: %s' % (expression, result['exceptionDetails'].get('text')))
        return result['result'].get('value')

    def key(self, name):
        for kind in ('keyDown', 'keyUp'):
            self.call('Input.dispatchKeyEvent', type=kind, key=name, text=name if len(name) == 1 and kind == 'keyDown' else '')

    def picture(self, path):
        data = self.call('Page.captureScreenshot', format='png')['data']
        with open(path, 'wb') as file:
            file.write(base64.b64decode(data))

    def close(self):
        self.process.terminate()
        self.process.wait(10)


def settle(browser, seconds=0.3):
    time.sleep(seconds)
    browser.value('new Promise(r=>requestAnimationFrame(()=>requestAnimationFrame(r)))')


def check(browser, page, pictures):
    failures = []

    def expect(what, holds):
        print('%s  %s' % ('ok  ' if holds else 'FAIL', what))
        if not holds:
            failures.append(what)

    for domain in ('Page', 'Runtime', 'Network', 'Log'):
        browser.call(domain + '.enable')
    browser.call('Page.addScriptToEvaluateOnNewDocument', source='''
      window.refused=[];window.alert=()=>window.refused.push('alert');
      document.addEventListener('securitypolicyviolation',e=>window.refused.push(e.violatedDirective+' '+e.blockedURI));''')
    began = time.time()
    browser.call('Page.navigate', url='file://' + os.path.abspath(page))
    for _ in range(200):
        if browser.value('document.readyState') == 'complete':
            break
        time.sleep(0.1)
    settle(browser)
    took = time.time() - began
    events = browser.value("JSON.parse(document.getElementById('data').textContent).events.source.length")
    print('      %d events, ready after %.1f s' % (events, took))
    shot = lambda name: pictures and browser.picture(os.path.join(pictures, name + '.png'))
    shot('light')

    expect('nothing violates the policy and no evidence runs', browser.value('refused.join()') == '')
    expect('one style, two scripts, no image', browser.value(
        "[document.querySelectorAll('style').length,document.scripts.length,document.images.length].join()") == '1,2,0')
    expect('every anchor has its place', browser.value(
        "[...document.querySelectorAll('a[href^=\"#\"],svg a')].every(a=>document.getElementById(a.getAttribute('href').slice(1)))"))
    expect('nothing is wider than the window', browser.value('document.documentElement.scrollWidth<=innerWidth'))
    rows = "document.querySelectorAll('#space .row').length"
    expect('the list shows rows, and only those in sight', events == 0 or 0 < browser.value(rows) < 60)

    drawn = "document.getElementById('lanes').toDataURL()"
    first = browser.value(drawn)
    browser.value("document.getElementById('timeline').scrollIntoView();document.getElementById('lanes').focus()")
    shot('timeline')
    if events:
        browser.key('+')
        settle(browser)
        zoomed = browser.value(drawn)
        expect('plus zooms in', zoomed != first)
        browser.key('ArrowRight')
        settle(browser)
        expect('the arrow moves', browser.value(drawn) != zoomed)
        browser.key('End')
        settle(browser)
        everything = browser.value(drawn)
        browser.key('Home')
        settle(browser)
        expect('Home and End differ when there is an incident in a longer log', browser.value(drawn) != everything or browser.value(
            "JSON.parse(document.getElementById('data').textContent).incident===undefined"))
        browser.key('ArrowDown')
        settle(browser)
        expect('the arrow down chooses an event and shows where it lies', 'ir-analyze show' in browser.value(
            "document.getElementById('detail').textContent"))
        shot('chosen')
        before = browser.value("document.getElementById('shown').textContent")
        browser.value("document.getElementById('only-evidence').click()")
        settle(browser)
        expect('a filter narrows the list', browser.value("document.getElementById('shown').textContent") != before
               or not browser.value("document.querySelectorAll('.finding').length"))
        browser.value("document.getElementById('only-evidence').click()")
        browser.value("const s=document.getElementById('search');s.value='no such words anywhere';s.dispatchEvent(new Event('input'))")
        settle(browser, 0.8)
        expect('a search without hits empties list and findings', browser.value(rows) == 0 and browser.value(
            "document.querySelectorAll('.finding:not([hidden])').length") == 0)
        browser.value("s.value='';s.dispatchEvent(new Event('input'))")
        settle(browser, 0.8)
        browser.value("const l=document.getElementById('list');l.scrollTop=l.scrollHeight")
        settle(browser)
        last = browser.value("[...document.querySelectorAll('#space .row')].some(r=>Number(r.dataset.event)===%d)" % (events - 1))
        expect('the list can be scrolled to its last event', last)
    browser.value("document.getElementById('theme').click()")
    settle(browser)
    expect('the theme switches', browser.value('getComputedStyle(document.body).backgroundColor') == 'rgb(18, 20, 23)')
    browser.value('scrollTo(0,0)')
    shot('dark')
    browser.value("document.getElementById('theme').click()")
    browser.call('Emulation.setEmulatedMedia', media='print')
    expect('print hides the tools', browser.value("getComputedStyle(document.querySelector('.top')).display") == 'none')
    browser.call('Emulation.setEmulatedMedia', media='')
    browser.call('Emulation.setDeviceMetricsOverride', width=390, height=800, deviceScaleFactor=1, mobile=True)
    settle(browser)
    expect('a telephone shows it without scrolling sideways', browser.value('document.documentElement.scrollWidth<=391'))
    shot('narrow')

    asked = [e['params']['request']['url'] for e in browser.events if e['method'] == 'Network.requestWillBeSent']
    expect('nothing but the file itself was asked for', all(url.startswith('file://') and url.endswith('.html') for url in asked))
    thrown = [e['params']['exceptionDetails']['text'] for e in browser.events if e['method'] == 'Runtime.exceptionThrown']
    expect('the script throws nothing %s' % thrown, not thrown)
    return failures


def main():
    program = shutil.which('chromium') or shutil.which('chromium-browser') or shutil.which('google-chrome')
    if not program:
        print('no Chromium here')
        return 77
    pictures = sys.argv[2] if len(sys.argv) > 2 else None
    if pictures:
        os.makedirs(pictures, exist_ok=True)
    browser = Browser(program)
    try:
        return 1 if check(browser, sys.argv[1], pictures) else 0
    finally:
        browser.close()


if __name__ == '__main__':
    sys.exit(main())
