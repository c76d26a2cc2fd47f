"""A client that sends exactly what it is told and shows exactly what it gets."""

from http.client import HTTPConnection, HTTPResponse
from urllib.parse import urlsplit


class Client:
    """Sends one request per connection and touches neither paths nor codings, as clients with manners would."""

    def __init__(self, address: str) -> None:
        self.host = urlsplit(address).netloc

    def ask(self, path: str, method: str = "GET", **headers: str) -> tuple[HTTPResponse, bytes]:
        connection = HTTPConnection(self.host, timeout=10)
        wanted = {"Accept-Encoding": "identity"} | {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, headers=wanted)
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()
