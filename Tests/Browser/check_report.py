#!/usr/bin/env python3
"""Opens a report page in Chromium and uses it as a reader would: check_report.py REPORT_HTML [SCREENSHOT_FOLDER].

Fails when the page asks for anything over a network, violates its own policy, throws, writes an error to the console, runs
a script that evidence brought, or when the timeline, its keys, the filters, the search or the theme switch do not work.
Needs Debian's chromium and chromium-driver and nothing else. Exit status 0 when all is well, 77 when one is missing.
"""
import base64
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request


class Browser:
    """Chromium, driven by its own driver over WebDriver; what WebDriver lacks, over the driver's DevTools door."""

    def __init__(self, program, driver):
        with socket.socket() as probe:
            probe.bind(('127.0.0.1', 0))
            port = probe.getsockname()[1]
        self.folder = tempfile.mkdtemp(prefix='report-check-')
        self.process = subprocess.Popen([driver, '--port=%d' % port], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.base, self.session = 'http://127.0.0.1:%d' % port, None
        for _ in range(100):
            try:
                self.send('GET', '/status')
                break
            except OSError:
                time.sleep(0.1)
        options = {'binary': program, 'args': [
            '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--window-size=1440,1000',
            '--user-data-dir=' + self.folder]}
        answer = self.send('POST', '/session', {'capabilities': {'alwaysMatch': {
            'browserName': 'chrome', 'goog:chromeOptions': options,
            'goog:loggingPrefs': {'browser': 'ALL', 'performance': 'ALL'}}}})
        self.session = answer['sessionId']

    def send(self, method, path, body=None):
        request = urllib.request.Request(
            self.base + ('/session/' + self.session if self.session else '') + path, method=method,
            data=None if body is None else json.dumps(body).encode(), headers={'Content-Type': 'application/json'})
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.loads(answer.read())['value']
        except urllib.error.HTTPError as error:
            raise RuntimeError('%s %s: %s' % (method, path, error.read().decode('utf-8', 'replace')[:500]))

    def call(self, method, **parameters):
        return self.send('POST', '/goog/cdp/execute', {'cmd': method, 'params': parameters})

    def open(self, url):
        self.send('POST', '/url', {'url': url})

    def value(self, expression):
        result = self.call('Runtime.evaluate', expression=expression, returnByValue=True, awaitPromise=True)
        if 'exceptionDetails' in result:
            raise RuntimeError('%s: %s' % (expression, result['exceptionDetails'].get('text')))
        return result['result'].get('value')

    def key(self, name):
        for kind in ('keyDown', 'keyUp'):
            self.call('Input.dispatchKeyEvent', type=kind, key=name, text=name if len(name) == 1 and kind == 'keyDown' else '')

    def picture(self, path):
        with open(path, 'wb') as file:
            file.write(base64.b64decode(self.send('GET', '/screenshot')))

    def log(self, kind):
        return self.send('POST', '/se/log', {'type': kind})

    def close(self):
        try:
            self.send('DELETE', '')
        except (OSError, RuntimeError):
            pass
        self.process.terminate()
        self.process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)


def settle(browser, seconds=0.3):
    time.sleep(seconds)
    browser.value('new Promise(r=>requestAnimationFrame(()=>requestAnimationFrame(r)))')


def check(browser, page, pictures):
    failures = []

    def expect(what, holds):
        print('%s  %s' % ('ok  ' if holds else 'FAIL', what))
        if not holds:
            failures.append(what)

    browser.call('Page.addScriptToEvaluateOnNewDocument', source='''
      window.refused=[];window.alert=()=>window.refused.push('alert');
      document.addEventListener('securitypolicyviolation',e=>window.refused.push(e.violatedDirective+' '+e.blockedURI));''')
    began = time.time()
    browser.open('file://' + os.path.abspath(page))
    for _ in range(200):
        if browser.value('document.readyState') == 'complete':
            break
        time.sleep(0.1)
    settle(browser)
    took = time.time() - began
    events = browser.value("JSON.parse(document.getElementById('data').textContent).events.source.length")
    print('      %d events, %.1f MB, ready after %.1f s' % (events, os.path.getsize(page) / 1e6, took))
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
        # In a log that is all incident there is nothing beyond it to show, nor anything to filter away.
        is_long = events > 1000
        expect('Home and End differ when there is an incident in a longer log', not is_long or browser.value(drawn) != everything or browser.value(
            "JSON.parse(document.getElementById('data').textContent).incident===undefined"))
        browser.key('ArrowDown')
        settle(browser)
        expect('the arrow down chooses an event and shows where it lies', 'ir-analyze show' in browser.value(
            "document.getElementById('detail').textContent"))
        shot('chosen')
        before = browser.value("document.getElementById('shown').textContent")
        browser.value("document.getElementById('only-evidence').click()")
        settle(browser)
        expect('a filter narrows the list', not is_long or browser.value("document.getElementById('shown').textContent") != before
               or not browser.value("document.querySelectorAll('.finding').length"))
        browser.value("document.getElementById('only-evidence').click()")
        # From the last key to the frame that shows what was found, the pause before a search starts included.
        searched = browser.value("""const s=document.getElementById('search');new Promise(r=>{const t=performance.now();
            const shown=document.getElementById('shown');new MutationObserver((m,o)=>{o.disconnect();
            requestAnimationFrame(()=>r(performance.now()-t))}).observe(shown,{childList:true,characterData:true,subtree:true});
            s.value='no such words anywhere';s.dispatchEvent(new Event('input'))})""")
        print('      a search takes %.0f ms' % searched)
        settle(browser, 0.4)
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

    asked, thrown = [], []
    for entry in browser.log('performance'):
        message = json.loads(entry['message'])['message']
        if message['method'] == 'Network.requestWillBeSent':
            asked.append(message['params']['request']['url'])
        if message['method'] == 'Runtime.exceptionThrown':
            thrown.append(message['params']['exceptionDetails']['text'])
    own = [url for url in asked if not url.startswith(('data:', 'chrome', 'about:'))]
    expect('nothing but the file itself was asked for', own and all(url.startswith('file://') and url.endswith('.html') for url in own))
    errors = [entry['message'] for entry in browser.log('browser') if entry['level'] == 'SEVERE']
    expect('no error on the console, none thrown %s' % (errors + thrown)[:3], not errors and not thrown)
    return failures


def main():
    program = shutil.which('chromium') or shutil.which('chromium-browser') or shutil.which('google-chrome')
    driver = shutil.which('chromedriver')
    if not program or not driver:
        print('chromium or chromium-driver is not installed')
        return 77
    pictures = sys.argv[2] if len(sys.argv) > 2 else None
    if pictures:
        os.makedirs(pictures, exist_ok=True)
    browser = Browser(program, driver)
    try:
        return 1 if check(browser, sys.argv[1], pictures) else 0
    finally:
        browser.close()


if __name__ == '__main__':
    sys.exit(main())
