"""An HTTP server on loopback that misbehaves as its URLs say, for the tests of RemoteStorage. Standard library only.

    fault_server.py FOLDER [CERTIFICATE KEY]

Prints the port it listens on, and serves /OPTIONS/NAME: the file NAME of FOLDER, with a comma-separated list of

    ok                 as a good server does
    key=TEXT           nothing: makes counters and the log of this URL its own
    times=N            the faults below happen on the first N requests of this URL only
    status=CODE        this status, with a short text
    retry-after=S      and this header
    error=CODE         and an error document of S3 with this code
    words=TEXT         instead of "So it is" in it
    region=NAME        and the header in which S3 says where the bucket is
    reset              the connection ends without a word
    cut=BYTES          the connection ends after so many bytes of the body
    stall=BYTES        nothing more comes after so many bytes
    pace=BYTES         a pause of 0.02 s after each of so many bytes
    length=DELTA       so many bytes more or fewer are announced and sent than asked for
    shift=BYTES        another range is sent, and announced, than asked for
    mislabel           the range is the right one, and announced as another
    short-total        the whole object is announced one byte smaller
    norange            ranges are not known: always the whole file
    nolength           no Content-Length: the body ends with the connection
    encoded            the body is said to be compressed
    noetag, weak       no ETag, a weak one; noetag has Last-Modified
    bare               neither ETag nor Last-Modified
    change=N           after N requests the object is another: other bytes, other ETag
    redirect=CODE      to the same file under /ok,...; with to=URL (with ~ for /) to there

GET /log/KEY answers with the requests whose options had key=KEY, as JSON. Ends when its standard input is closed, and removes FOLDER.
"""

import json
import os
import shutil
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

folder = sys.argv[1]
lock = threading.Lock()
counts = {}
log = {}


def end_with_parent():
    sys.stdin.buffer.read()
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


threading.Thread(target=end_with_parent, daemon=True).start()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def setup(self):
        super().setup()
        self.connection_number = id(self)

    def do_GET(self):
        _, options, name = (self.path.split("/", 2) + ["", ""])[:3]
        if options == "log":
            return self.reply_log(name)
        options = dict((item.split("=", 1) + [""])[:2] for item in options.split(","))
        with lock:
            count = counts[self.path] = counts.get(self.path, 0) + 1
            entry = {
                "name": name, "range": self.headers.get("Range"), "ifMatch": self.headers.get("If-Match"),
                "ifUnmodifiedSince": self.headers.get("If-Unmodified-Since"), "connection": self.connection_number,
                "sent": 0, "authorization": self.headers.get("Authorization"),
            }
            log.setdefault(options.get("key", ""), []).append(entry)
        self.entry = entry
        faulty = count <= int(options.get("times", 1 << 30))
        if faulty and "reset" in options:
            self.close_connection = True
            return
        if faulty and "status" in options:
            headers = {"retry-after": "Retry-After", "region": "x-amz-bucket-region"}
            text = "busy or broken"
            if "error" in options:
                words = options.get("words", "So it is")
                text = f"<?xml version='1.0'?><Error><Code>{options['error']}</Code><Message>{words}</Message></Error>"
            return self.reply(int(options["status"]), text.encode(),
                              {header: options[name] for name, header in headers.items() if name in options})
        if faulty and "redirect" in options:
            to = options.get("to", "").replace("~", "/") or f"/ok,key={options.get('key', '')}/{name}"
            return self.reply(int(options["redirect"]), b"elsewhere", {"Location": to})
        try:
            with open(os.path.join(folder, os.path.basename(name)), "rb") as file:
                data = file.read()
        except OSError:
            return self.reply(404, b"no such file", {})
        changed = "change" in options and count > int(options["change"])
        if changed:
            data = bytes(byte ^ 0x55 for byte in data)
        self.reply_file(data, options, faulty, changed)

    def reply_log(self, key):
        with lock:
            text = json.dumps(log.get(key, [])).encode()
        self.reply(200, text, {})

    def reply(self, status, body, headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def reply_file(self, data, options, faulty, changed):
        tag = '"changed"' if changed else '"first"'
        date = "Tue, 02 Jan 2024 00:00:00 GMT" if changed else "Mon, 01 Jan 2024 00:00:00 GMT"
        if self.headers.get("If-Match", tag) != tag or self.headers.get("If-Unmodified-Since", date) != date:
            return self.reply(412, b"another object", {})
        total = len(data)
        first, last, status = 0, total - 1, 200
        asked = self.headers.get("Range")
        if asked and "norange" not in options:
            start, end = asked.removeprefix("bytes=").split("-")
            first, last, status = int(start), min(int(end) if end else total - 1, total - 1), 206
            if first >= total:
                return self.reply(416, b"", {"Content-Range": f"bytes */{total}"})
        if faulty and "shift" in options:
            first, last = first + int(options["shift"]), min(total - 1, last + int(options["shift"]))
        if faulty and "length" in options:
            last = min(total - 1, last + int(options["length"]))
        body = data[first:last + 1]
        self.send_response(status)
        if status == 206:
            shift = 1 if faulty and "mislabel" in options else 0
            shown = total - 1 if faulty and "short-total" in options else total
            self.send_header("Content-Range", f"bytes {first + shift}-{last + shift}/{shown}")
        if "bare" not in options:
            if "noetag" not in options:
                self.send_header("ETag", ("W/" if "weak" in options else "") + tag)
            self.send_header("Last-Modified", date)
        if "encoded" in options:
            self.send_header("Content-Encoding", "gzip")
        if "nolength" in options:
            self.send_header("Connection", "close")
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.send_body(body, options, faulty)

    def send_body(self, body, options, faulty):
        limit = len(body)
        for fault in ("cut", "stall"):
            if faulty and fault in options:
                limit = min(limit, int(options[fault]))
        pace = int(options.get("pace", 0)) if faulty else 0
        position = 0
        while position < limit:
            piece = body[position:position + min(pace or limit, limit - position)]
            self.wfile.write(piece)
            self.wfile.flush()
            position += len(piece)
            self.entry["sent"] = position
            if pace:
                time.sleep(0.02)
        if limit < len(body):
            if "stall" in options:
                time.sleep(30)
            self.close_connection = True

    def handle(self):
        try:
            super().handle()
        except (ConnectionError, ssl.SSLError):
            pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, address):
        pass


server = Server(("127.0.0.1", 0), Handler)
if len(sys.argv) > 3:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
    server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()
