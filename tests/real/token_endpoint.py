"""A token endpoint on loopback that takes any code and any refresh token, and rotates. Prints its issuer, and then the
form of each request."""
import http.server
import itertools
import json

numbers = itertools.count(1)


class Endpoint(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        print(self.rfile.read(int(self.headers["Content-Length"])).decode(), flush=True)
        number = next(numbers)
        answer = {
            "token_type": "Bearer",
            "expires_in": 3599,
            "access_token": f"at-{number}",
            "refresh_token": f"rt-{number}!*~$",
            "scope": "https://mail.google.com/",
        }
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
print(f"issuer http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
