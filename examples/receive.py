"""Takes webhooks on this machine, checks their signature, and prints what happened.

export FOOTLIGHTS_WEBHOOK_SECRET=sesame
python examples/receive.py 8080 &
footlights run interact rehearsal:x_arms --webhook http://127.0.0.1:8080/
"""

import hashlib
import hmac
import json
import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

SECRET = os.environ.get("FOOTLIGHTS_WEBHOOK_SECRET", "").encode()


class Hook(BaseHTTPRequestHandler):
    """One request is one event."""

    def do_POST(self) -> None:
        """Answer 204 where the signature is right, and 401 where it is not: footlights does not repeat a 401."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        right = f"sha256={hmac.new(SECRET, body, hashlib.sha256).hexdigest()}"
        if SECRET and not hmac.compare_digest(self.headers.get("X-Hub-Signature-256", ""), right):
            self.send_error(401)
            return
        event = json.loads(body)
        print(event["type"], event["source"], event["data"], flush=True)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Only events are printed."""


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", int(sys.argv[1])), Hook).serve_forever()
