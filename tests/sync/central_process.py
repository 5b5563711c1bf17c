"""A real centrald with the sample data, what it is asked and what it answers, and a station's ledger."""

import hashlib
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import time
import uuid

DATA = pathlib.Path(__file__).resolve().parents[1] / "data"
BUSINESS_DATE = "2021-12-01"


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=10)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(10)
        self.sock.connect(self.path)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body
        self.type = headers.get("content-type", "")

    @property
    def json(self):
        return json.loads(self.body)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def eventually(holds, patience_s=30):
    deadline = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)


class Central:
    """Runs until `stop` or `kill`; every exchange of the station API goes to `recorded`."""

    def __init__(self, programs, folder, *options):
        self.programs, self.folder, self.options = pathlib.Path(programs), pathlib.Path(folder), options
        self.recorded, self.process = [], None
        self.start()

    def start(self):
        self.port = free_port()
        self.log = open(self.folder / "centrald.log", "ab")
        self.process = subprocess.Popen(
            [self.programs / "centrald", "--database", self.folder / "central.db",
             "--listen", f"http://127.0.0.1:{self.port}", "--plain-http-on-loopback",
             "--admin", f"unix:{self.admin_path}",
             "--station", "kh=KH", "--station", "kh2=KH", "--station", "kl=KL",
             "--business-date", BUSINESS_DATE,
             "--import-passes", DATA / "eligible-passes.csv",
             "--import-renewals", DATA / "renewals-list.csv",
             "--import-photos", DATA / "photos", *self.options],
            stdout=self.log, stderr=self.log)
        eventually(self.is_up)

    @property
    def admin_path(self):
        return str(self.folder / "admin.sock")

    def is_up(self):
        assert self.process.poll() is None, (self.folder / "centrald.log").read_text()
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1):
                return os.path.exists(self.admin_path)
        except OSError:
            return False

    def stop(self, how=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(40)
        self.log.close()

    def kill(self):
        self.stop(signal.SIGKILL)

    def ask(self, method, target, body=None, headers=()):
        """One call of the station API. A body that is no octets is sent as JSON."""
        sent = dict(headers)
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request(method, target, body, sent)
        answer = self.read(connection)
        self.recorded.append((method, target, sent, body, answer))
        return answer

    def admin(self, method, target, body=None):
        connection = UnixConnection(self.admin_path)
        connection.request(method, "/v1/admin/" + target,
                           None if body is None else json.dumps(body).encode())
        answer = self.read(connection)
        assert answer.status == 200, answer.body
        return answer.json

    @staticmethod
    def read(connection):
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        answer = Answer(response.status, headers, response.read())
        connection.close()
        return answer

    def apply(self, *passes, port="KH"):
        """Submits and approves; gives the new numbers."""
        made = self.admin("POST", "applications", {"pickup_port": port, "passes": list(passes)})
        numbers = [entry["pass_number"] for entry in made["accepted"]]
        for number in numbers:
            self.admin("POST", f"renewals/{number}/approve", {"payment_confirmed": True})
        return numbers

    def renewal(self, number):
        return self.admin("GET", f"renewals/{number}")


class Ledger:
    """Facts of one station in order, each with the hash of the one before."""

    def __init__(self, central, station="kh"):
        self.central, self.station = central, station
        self.incarnation, self.seq, self.head = str(uuid.uuid4()), 0, bytes(32)

    def line(self, kind, renewal, attempt=None, card=None, epoch=None, **more):
        self.seq += 1
        fact = {"id": str(uuid.uuid4()), "incarnation": self.incarnation, "seq": self.seq,
                "previous": self.head.hex().upper(), "at": "2021-12-01T04:00:00.000Z", "type": kind,
                "renewal": renewal}
        given = {"attempt": attempt, "card": card, "epoch": epoch, **more}
        fact.update({name: value for name, value in given.items() if value is not None})
        text = json.dumps(fact, separators=(",", ":")).encode()
        self.head = hashlib.sha256(text).digest()
        return text

    def send(self, *lines):
        return self.central.ask("POST", f"/v1/stations/{self.station}/facts", b"\n".join(lines),
                                {"Content-Type": "application/x-ndjson"})

    def produce(self, renewal, epoch, card):
        """Claimed already: begun and verified. Gives the attempt."""
        attempt = str(uuid.uuid4())
        answer = self.send(self.line("attempt_started", renewal, attempt, card, epoch),
                           self.line("verified", renewal, attempt, card, epoch, credential="D284"))
        assert [each["outcome"] for each in answer.json["results"]] == ["applied", "applied"]
        return attempt

    def claim(self, *renewals):
        answer = self.central.ask("POST", f"/v1/stations/{self.station}/claims",
                                  {"claim_id": str(uuid.uuid4()), "renewals": list(renewals)})
        return answer.json
