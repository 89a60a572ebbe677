"""A small external app with nothing but Python's own library: it counts the files in the
home of whoever asks it through Atrium, and leaves a note about it there; it hears which
files are made, and summarizes texts, in its own poor way. It has a page in the list of
places, an action for files and a few settings. It speaks either protocol: with
a secret that is sent (AppAPI), or with signatures when SIGNED is 1.

APP_ID, APP_VERSION, APP_SECRET, APP_HOST, APP_PORT and NEXTCLOUD_URL in its environment
say who it is; docs/developer/external-apps.md says the rest.
"""

import base64
import hashlib
import hmac
import json
import os
import threading
import time
import urllib.parse
import urllib.request
import xml.etree.ElementTree
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ID = os.environ["APP_ID"]
VERSION = os.environ["APP_VERSION"]
SECRET = os.environ["APP_SECRET"]
SERVER = os.environ["NEXTCLOUD_URL"].rstrip("/")
SIGNED = os.environ.get("SIGNED") == "1"

FORMS = {
    "personal": [
        {"id": "unit", "title": "Unit", "type": "radio", "options": {"Bytes": "B", "Kilobytes": "KB"}, "default": "B"},
        {"id": "hidden", "title": "Hidden files", "label": "Count hidden files too", "type": "checkbox", "default": False},
        {"id": "mail", "title": "Send reports to", "type": "email", "placeholder": "me@example.org", "default": ""},
    ],
    "admin": [
        {"id": "limit", "title": "Most files to count", "type": "number", "default": 1000, "description": "More than that takes its time."},
        {"id": "key", "title": "Key of the service", "type": "password", "default": ""},
        {"id": "kinds", "title": "What counts", "type": "multi-checkbox", "options": {"Pictures": "pictures", "Texts": "texts"}, "default": []},
        {"id": "tint", "title": "Colour", "type": "color", "default": "#1f5fae"},
    ],
}
for form in FORMS.values():  # options are written as lists of names and values
    for f in form:
        if "options" in f:
            f["options"] = [{"name": name, "value": value} for name, value in f["options"].items()]

PICTURE = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20"><path d="M4 4h2v12H4zM9 4h2v12H9zM14 4h2v12h-2zM2 11l16-4v2L2 13z"/></svg>"""

STYLE = """body { color: light-dark(#1b1f24, #eef1f5); } button { min-height: 2.75rem; padding: 0 1rem; font: inherit; }"""

# What the page does: what it knows stands in it, what it asks of the app goes by fetch.
SCRIPT = """
const state = JSON.parse(atob(document.getElementById('initial-state-%s-greeting').value))
const content = document.getElementById('content')
const add = (kind, text) => { const e = document.createElement(kind); e.textContent = text; return content.appendChild(e) }
add('h1', state.text)
const chosen = new URLSearchParams(location.search).get('fileIds')
if (chosen) add('p', chosen.split(',').length + ' measured')
const button = add('button', 'Count my files')
const said = add('p', '')
said.setAttribute('role', 'status')
button.onclick = async () => { said.textContent = await (await fetch('count')).text() }
""" % ID

HEARD = []  # who made which files, the last hundred

# The constants of XXH64, as its specification lists them.
P1, P2, P3, P4, P5 = (
    0x9E3779B185EBCA87,
    0xC2B2AE3D27D4EB4F,
    0x165667B19E3779F9,
    0x85EBCA77C2B2AE63,
    0x27D4EB2F165667C5,
)
ALL = (1 << 64) - 1


def rotated(x, n):
    return ((x << n) | (x >> (64 - n))) & ALL


def mixed(lane, value):
    return rotated((lane + value * P2) & ALL, 31) * P1 & ALL


def xxh64(data):
    """The XXH64 of bytes with the seed 0, as 16 hexadecimal digits."""
    number = lambda at, size: int.from_bytes(data[at : at + size], "little")
    at, end = 0, len(data)
    if end >= 32:
        lanes = [(P1 + P2) & ALL, P2, 0, -P1 & ALL]
        while at + 32 <= end:
            lanes = [mixed(lane, number(at + 8 * i, 8)) for i, lane in enumerate(lanes)]
            at += 32
        h = sum(rotated(lane, n) for lane, n in zip(lanes, (1, 7, 12, 18))) & ALL
        for lane in lanes:
            h = ((h ^ mixed(0, lane)) * P1 + P4) & ALL
    else:
        h = P5
    h = (h + end) & ALL
    while at + 8 <= end:
        h = (rotated(h ^ mixed(0, number(at, 8)), 27) * P1 + P4) & ALL
        at += 8
    if at + 4 <= end:
        h = (rotated(h ^ (number(at, 4) * P1 & ALL), 23) * P2 + P3) & ALL
        at += 4
    while at < end:
        h = rotated(h ^ (data[at] * P5 & ALL), 11) * P1 & ALL
        at += 1
    h = (h ^ (h >> 33)) * P2 & ALL
    h = (h ^ (h >> 29)) * P3 & ALL
    return f"{h ^ (h >> 32):016x}"


def signature(method, target, headers):
    """The signature of a request; headers are those that are signed, in their order."""
    text = method + target + json.dumps(headers, separators=(",", ":"))
    return hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()


def signed_headers(user, body, at):
    headers = {"AE-VERSION": "1.0.0", "EX-APP-ID": ID, "EX-APP-VERSION": VERSION}
    if user:
        headers["NC-USER-ID"] = user
    headers["AE-DATA-HASH"] = xxh64(body)
    headers["AE-SIGN-TIME"] = at
    return headers


def call(method, target, user, body=b""):
    """Asks the server for something on behalf of somebody."""
    if SIGNED:
        headers = signed_headers(user, body, str(int(time.time())))
        headers["AE-SIGNATURE"] = signature(method, target, headers)
    else:
        proof = base64.b64encode(f"{user}:{SECRET}".encode()).decode()
        headers = {"EX-APP-ID": ID, "EX-APP-VERSION": VERSION, "AUTHORIZATION-APP-API": proof}
    headers["OCS-APIRequest"] = "true"
    if method == "PROPFIND":
        headers["Depth"] = "1"
    if body.startswith(b"{"):
        headers["Content-Type"] = "application/json"
    request = urllib.request.Request(SERVER + target, data=body or None, headers=headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read()


def count(user):
    """How many files there are in somebody's home, which is also written down there."""
    home = "/remote.php/dav/files/" + urllib.parse.quote(user, safe="")
    listing = xml.etree.ElementTree.fromstring(call("PROPFIND", home + "/", user))
    files = [r for r in listing.iter("{DAV:}response") if r.find(".//{DAV:}collection") is None]
    text = f"{len(files)} files were here"
    call("PUT", f"{home}/{urllib.parse.quote(ID)}.txt", user, text.encode())
    return text


def ask(method, path, /, **values):
    """Calls an endpoint on nobody's behalf; None if it has nothing to say."""
    answer = call(method, f"/ocs/v2.php{path}?format=json", "", json.dumps(values).encode())
    return json.loads(answer)["ocs"]["data"] if answer else None


def enable():
    """Tells the server what the app wants to hear, and what it can do."""
    ask("POST", "/apps/app_api/api/v1/events_listener", eventType="node_event", actionHandler="event", eventSubtypes=["NodeCreatedEvent"])
    provider = {"id": ID, "name": "First sentences", "task_type": "core:text2text:summary", "expected_runtime": 1}
    ask("POST", "/apps/app_api/api/v1/ai_provider/task_processing", provider=provider)
    show()


def show():
    """Tells the server what people see of the app in its pages."""
    ui = "/apps/app_api/api/v1/ui"
    ask("POST", ui + "/top-menu", name="counter", displayName="Counter", icon="counter.svg", adminRequired=0)
    page = {"type": "top_menu", "name": "counter"}
    ask("POST", ui + "/initial-state", **page, key="greeting", value={"text": "What is there?"})
    ask("POST", ui + "/script", **page, path="counter")
    ask("POST", ui + "/style", **page, path="counter")
    action = {"name": "measure", "displayName": "Measure", "actionHandler": "measure", "icon": "counter.svg"}
    ask("POST", "/apps/app_api/api/v2/ui/files-actions-menu", **action, mime="file", permissions=31, order=0)
    for section, fields in FORMS.items():
        form = {"id": section, "title": f"Counter ({section})", "section_type": section, "section_id": "apps", "fields": fields}
        ask("POST", ui + "/settings", formScheme=form)


def work():
    """Does all tasks that wait: the first sentence of a text will do as its summary."""
    tasks = "/taskprocessing/tasks_provider"
    while got := ask("GET", tasks + "/next", providerIds=[ID], taskTypeIds=["core:text2text:summary"]):
        task = got["task"]
        first, _, _ = task["input"]["input"].partition(".")
        ask("POST", f"{tasks}/{task['id']}/result", output={"output": first})


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        path = urllib.parse.urlsplit(self.path).path
        if path == "/heartbeat":  # nothing proves who asks
            return self.answer(200, '{"status":"ok"}')
        user = self.caller()
        if user is None:
            return self.answer(401, "only the server may call")
        if path == "/scopes":
            return self.answer(200, '{"required":[3,61,62],"optional":[]}')
        if path == "/count":
            return self.answer(200, count(user))
        if path in ("/counter.svg", "/counter.js", "/counter.css"):
            kinds = {"svg": ("image/svg+xml", PICTURE), "js": ("text/javascript", SCRIPT), "css": ("text/css", STYLE)}
            kind, text = kinds[path.rpartition(".")[2]]
            return self.answer(200, text, kind)
        if path == "/heard":
            return self.answer(200, "\n".join(name for who, name in HEARD if who == user))
        return self.answer(404, "")

    def do_PUT(self):
        url = urllib.parse.urlsplit(self.path)
        if self.caller() is None:
            return self.answer(401, "only the server may call")
        if url.query == "enabled=1":
            enable()
        return self.answer(200 if url.path == "/enabled" else 404, '{"error":""}')

    def do_POST(self):
        path, user = urllib.parse.urlsplit(self.path).path, self.caller()
        if user is None:
            return self.answer(401, "only the server may call")
        if path == "/event":
            HEARD.append((user, json.loads(self.body)["event_data"]["target"]["name"]))
            del HEARD[:-100]
            return self.answer(200, "")
        if path == "/measure":  # and the app's page tells what came of it
            return self.answer(200, '{"redirect_handler": "counter/measured"}')
        if path == "/trigger":  # the answer first, then the work
            threading.Thread(target=work, daemon=True).start()
            return self.answer(200, "")
        return self.answer(404, "")  # there is nothing to prepare at /init

    def caller(self):
        """Whom the server acts for, "" for nobody; None if it is not the server."""
        self.body = body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), 1 << 20))
        if not SIGNED:
            text = base64.b64decode(self.headers.get("AUTHORIZATION-APP-API") or "").decode()
            user, _, secret = text.partition(":")
            right = hmac.compare_digest(secret.encode(), SECRET.encode())
            return user if right and self.headers.get("EX-APP-ID") == ID else None
        user, at = self.headers.get("NC-USER-ID") or "", self.headers.get("AE-SIGN-TIME") or "0"
        headers = signed_headers(user, body, at)
        headers["AE-VERSION"] = self.headers.get("AE-VERSION") or ""
        headers["EX-APP-VERSION"] = self.headers.get("EX-APP-VERSION") or ""
        right = hmac.compare_digest(signature(self.command, self.path, headers), self.headers.get("AE-SIGNATURE") or "")
        return user if right and abs(time.time() - int(at)) <= 300 else None

    def answer(self, status, text, kind=None):
        self.send_response(status)
        self.send_header("Content-Type", kind or ("application/json" if text.startswith("{") else "text/plain"))
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())


if __name__ == "__main__":
    ThreadingHTTPServer((os.environ["APP_HOST"], int(os.environ["APP_PORT"])), Handler).serve_forever()
