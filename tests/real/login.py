#!/usr/bin/python3
"""login.py [--user USER] [--deny] [--device] [--late SECONDS] [--end] URL: goes through oidc-provider's development pages
(login, consent) as a browser would, calls the redirect URI and prints the page that is shown there. Exit status 0 when
that page has status 200. With --end it prints that URI, and leaves it to others. With --device the URL is where a user
types a code, with the code in it: nothing comes back to us, and the end is a page without a form. SSL_CERT_FILE says
which certificates are trusted."""
import argparse
import html
import http.cookiejar
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def new_browser():
    return urllib.request.build_opener(
        NoRedirect, urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()), urllib.request.ProxyHandler({}))


def fetch(browser, url, fields=None):
    data = urllib.parse.urlencode(fields).encode() if fields is not None else None
    try:
        answer = browser.open(urllib.request.Request(url, data), timeout=20)
    except urllib.error.HTTPError as error:
        answer = error
    return answer.status, answer.headers.get("location"), answer.read().decode("utf-8", "replace")


def form(page, user):
    """The action of a page's form, and its fields filled in."""
    found = re.search(r'<form[^>]*action="([^"]+)"[^>]*>(.*?)</form>', page, re.S)
    if not found:
        sys.exit("no form in: " + page[:500])
    fields = {}
    for tag in re.findall(r"<input[^>]*>", found[2]):
        attributes = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if "name" in attributes:
            fields[attributes["name"]] = html.unescape(attributes.get("value", ""))
    if "login" in fields:
        fields.update(login=user, password="any")
    return html.unescape(found[1]), fields


def answer(page, user, deny):
    """What is asked next: signing in always, consent only if it is not to be denied."""
    cancel = re.search(r'<a href="([^"]+/abort)"', page)
    if deny and 'name="login"' not in page and cancel:
        return html.unescape(cancel[1]), None
    return form(page, user)


def authorize(start, user="alice@example.org", deny=False):
    """The redirect that the provider sends the browser to in the end."""
    browser, provider = new_browser(), urllib.parse.urlsplit(start).netloc
    url, fields = start, None
    for _ in range(25):
        status, location, page = fetch(browser, url, fields)
        if location:
            url, fields = urllib.parse.urljoin(url, location), None
        elif status >= 400:
            sys.exit(f"status {status} from {url}: {page[:500]}")
        elif "<form" not in page or "Sign-in Success" in page:
            return None
        else:
            action, fields = answer(page, user, deny)
            url = urllib.parse.urljoin(url, action)
        if urllib.parse.urlsplit(url).netloc != provider:
            return url
    sys.exit("too many pages")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("url")
    arguments.add_argument("--user", default="alice@example.org")
    arguments.add_argument("--deny", action="store_true")
    arguments.add_argument("--device", action="store_true")
    arguments.add_argument("--late", type=float, default=0, metavar="SECONDS")
    arguments.add_argument("--end", action="store_true")
    chosen = arguments.parse_args()
    redirect = authorize(chosen.url, chosen.user, chosen.deny)
    if chosen.device or not redirect:
        return 0 if chosen.device and not redirect else 1
    if chosen.end:
        print(redirect)
        return 0
    time.sleep(chosen.late)
    status, _, page = fetch(new_browser(), redirect)
    print(page)
    return 0 if status == 200 else 1


if __name__ == "__main__":
    sys.exit(main())
