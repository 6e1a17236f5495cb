"""A person is planted by every way in through real processes and erased through the page; afterwards neither a dump of
the database nor the broker, the cache, the logs or any file of the data folder tells who it was."""

import base64
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
import requests

from apps.core.embedded.binaries import find_postgres
from tests.faults.ground import CELERY, CHANGES, COMPANY, Ground, Installation, seeding, wait_until
from tests.faults.http import HttpServer
from tests.faults.seed import WRITE_KEY
from tests.faults.smtp import MailServer

MARK = "zq7mark81"
EMAIL = f"{MARK}@mail.example"
IP, PHONE = "203.0.113.77", "46701740605"
TRACES = [MARK, IP, PHONE, "Anna Zetterqvist"]
ADMIN, PASSWORD = "admin@staff.example", "walks in the rain"
QUEUES = {b"pipeline", b"run", b"deliver", b"jobs"}


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    folder = Path(tempfile.mkdtemp(prefix="milepost-erasing-"))
    folder.chmod(0o711)  # PostgreSQL's user passes through
    ground = Ground(folder, outbox=1)
    try:
        ground.start()
        yield ground
    finally:
        ground.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def company(ground) -> Iterator[Installation]:
    with MailServer() as mail, HttpServer() as http:
        installation = Installation(ground, mail, http, lease_seconds=30, template=COMPANY)
        try:
            yield installation
        finally:
            installation.close()


class Office:
    """An admin at the pages of a running installation."""

    def __init__(self, company: Installation) -> None:
        made = company.start(company.program("admin", "-c", seeding(f"admin(email={ADMIN!r}, password={PASSWORD!r})")))
        self.url = f"http://{company.web()}"
        assert made.wait(300) == 0, company.log("admin")
        company.wait_for_web()
        self.session = requests.Session()
        self.post("/accounts/login/", login=ADMIN, password=PASSWORD)

    def get(self, path: str, **params: str) -> str:
        response = self.session.get(self.url + path, params=params, timeout=60)
        assert response.status_code == 200, (path, response.status_code)
        return response.text

    def post(self, path: str, *, files=None, **fields: str) -> requests.Response:
        """As the form of the page would; it must lead on to another page."""
        token = self.session.cookies.get("csrftoken") or self._token(path)
        response = self.session.post(
            self.url + path, data={"csrfmiddlewaretoken": token, **fields}, files=files, timeout=60,
            headers={"Referer": self.url + path}, allow_redirects=False,
        )  # fmt: skip
        assert response.status_code == 302, (path, response.status_code, response.text[-3000:])
        return response

    def _token(self, path: str) -> str:
        self.get(path)
        return str(self.session.cookies["csrftoken"])

    def send(self, *items: dict) -> None:
        """Events, by a browser of that person."""
        headers = {
            "User-Agent": f"Mozilla/5.0 {MARK}",
            "X-Forwarded-For": IP,
            "Referer": f"https://shop.example/{MARK}",
        }
        response = requests.post(
            f"{self.url}/v1/batch", json={"batch": list(items)}, auth=(WRITE_KEY, ""), headers=headers, timeout=60
        )
        assert (response.status_code, response.json()) == (200, {"success": True})


CONTEXT = {
    "ip": IP, "userAgent": f"Mozilla/5.0 {MARK}",
    "page": {"url": f"https://shop.example/{MARK}", "referrer": f"https://search.example/?q={MARK}"},
}  # fmt: skip


def events() -> list[dict]:
    traits = {"name": f"Anna Zetterqvist {MARK}", "email": EMAIL, "phone": f"+{PHONE}", "nick": MARK}
    return [
        {"type": "identify", "userId": MARK, "anonymousId": f"browser-{MARK}", "traits": traits, "context": CONTEXT},
        {"type": "track", "userId": MARK, "event": "Product Viewed", "context": CONTEXT},
        {"type": "track", "userId": MARK, "event": "Order Completed", "properties": {"note": MARK}, "context": CONTEXT},
        {"type": "nonsense", "userId": MARK, "traits": {"email": EMAIL}},
    ]


# Where to look


def dump(company: Installation) -> str:
    """pg_dump in plain form: every row of every table as text."""
    tool = find_postgres() / "pg_dump"
    done = subprocess.run([tool, company.env["DATABASE_URL"]], capture_output=True, check=True, timeout=120)
    return done.stdout.decode()


def tables_in(dumped: str, text: str) -> set[str]:
    found, table = set(), ""
    for line in dumped.splitlines():
        if begin := re.match(r'COPY public\."?(\w+)', line):
            table = begin.group(1)
        # bytes are written in hex
        if text.lower() in line.lower() or text.encode().hex() in line.lower():
            found.add(table)
    return found


def kept_in_valkey(ground: Ground) -> dict[str, str]:
    """Each key of the broker's and of the cache's database, with all that is under it; wake-ups are opened."""
    found = {}
    for number in (0, 1):
        with redis.Redis(unix_socket_path=str(ground.valkey.socket), db=number) as client:
            for key in client.scan_iter():
                found[f"{number}:{key.decode(errors='replace')}"] = _opened(_value(client, key))
    return found


def _value(client: redis.Redis, key: bytes) -> str:
    read = {
        b"string": client.get, b"hash": client.hgetall, b"set": client.smembers,
        b"list": lambda key: client.lrange(key, 0, -1), b"zset": lambda key: client.zrange(key, 0, -1, withscores=True),
    }  # fmt: skip
    kind = client.type(key)
    return repr(read[kind](key)) if kind in read else ""  # b"none": it was taken meanwhile


def _opened(value: str) -> str:
    bodies = re.findall(r'"body": ?"([A-Za-z0-9+/=]+)"', value)
    return value + "".join(base64.b64decode(body).decode(errors="replace") for body in bodies)


def waiting(ground: Ground) -> set[bytes]:
    """The broker's queues in which something waits."""
    with redis.Redis(unix_socket_path=str(ground.valkey.socket)) as client:
        return {queue for queue in QUEUES if client.llen(queue)}


def files_with(ground: Ground, text: str) -> list[str]:
    """All that lies in the data folder, apart from the database's own files, which the dump stands for."""
    folder = ground.folder
    places = [path for path in folder.rglob("*") if path.is_file() and folder / "postgres" not in path.parents]
    assert {"valkey", "logs"} <= {path.relative_to(folder).parts[0] for path in places}
    return sorted(
        str(path.relative_to(folder)) for path in places if text.lower().encode() in path.read_bytes().lower()
    )


def logged(ground: Ground) -> str:
    return "".join(path.read_text(errors="replace") for path in sorted((ground.folder / "logs").glob("*.log")))


# The way


def plant(company: Installation, office: Office) -> int:
    """By events, with nobody yet who takes the wake-ups; then by forms and a file, with a worker. The customer's pk."""
    with redis.Redis(unix_socket_path=str(company.ground.valkey.socket)) as client:
        client.flushdb()
    office.send(*events())
    wait_until(lambda: b"pipeline" in waiting(company.ground), what="the broker holds a wake-up")
    held = kept_in_valkey(company.ground)
    assert "core.run_pipeline" in held["0:pipeline"], "what waits there can be read"
    assert not [key for key, value in held.items() for trace in TRACES if trace in key + value]
    queues = ["-P", "threads", "-c", "4", "-Q", "pipeline,run,deliver,jobs", "--without-mingle", "--without-gossip"]
    company.start(company.program("worker", *CELERY, "worker", *queues))
    wait_until(lambda: company.number_of(CHANGES) == 0, what="the changes are handled")
    wait_until(lambda: "0:_kombu.binding.jobs" in kept_in_valkey(company.ground), what="the worker is on its queues")
    ((pk,),) = company.rows("SELECT id FROM customers_customer WHERE email = %s", EMAIL)
    office.post(f"/customers/{pk}/tags/", add=f"tag-{MARK}")
    note = {"event": "Call", "by": "customer", "channel": "phone", "at": "2026-03-01T10:00", "note": f"{MARK} is cross"}
    office.post(f"/customers/{pk}/log/", **note)
    assert MARK in office.get("/customers/", q=MARK), "a search, whose words stand in the address"
    bring_file(company, office)
    company.wait_until_sent(1)
    return int(pk)


def bring_file(company: Installation, office: Office) -> None:
    content = f"Mail,Full name,Plan\n{EMAIL},Anna Zetterqvist {MARK},plan-{MARK}\nbroken-{MARK},,\n"
    sent = office.post("/data/import/customers/", files={"file": (f"{MARK}.csv", content.encode())})
    pk = re.findall(r"/data/imports/(\d+)/", sent.headers["Location"])[0]
    office.post(f"/data/imports/{pk}/columns/", column_0="email", column_1="name", column_2="extra:Plan")
    phase = "SELECT count(*) FROM core_job WHERE id = %s AND params->>'phase' = 'review'"
    wait_until(lambda: company.number_of(phase, pk), what="the file is checked")
    office.post(f"/data/imports/{pk}/start/")
    done = "SELECT count(*) FROM core_job WHERE id = %s AND state = 'done'"
    wait_until(lambda: company.number_of(done, pk), what="the file is imported")


def test_nothing_tells_afterwards(company, ground):
    office = Office(company)
    pk = plant(company, office)
    before = dump(company)
    assert tables_in(before, MARK) >= {
        "customers_customer", "customers_identity", "customers_searchterm", "touchpoints_interaction",
        "touchpoints_refuseditem", "core_job", "core_jobfilepart", "campaigns_message",
    }  # fmt: skip
    assert tables_in(before, IP) == {"touchpoints_interaction"}
    for planted in (f"tag-{MARK}", f"plan-{MARK}", f"browser-{MARK}", f"q={MARK}", f"Mozilla/5.0 {MARK}", f"{MARK} is"):
        assert planted in before, planted
    assert [mail.recipient for mail in company.mail.mails] == [EMAIL]
    office.post(f"/customers/{pk}/erase/", confirmation="erase", reason="request of 2 March")
    office.send(*events())  # a late one
    wait_until(lambda: company.number_of(CHANGES) == 0, what="the changes are handled")
    after = dump(company)
    for trace in TRACES:
        assert tables_in(after, trace) == set(), trace
        assert files_with(ground, trace) == [], trace
        assert [key for key, value in kept_in_valkey(ground).items() if trace in key + value] == [], trace
    assert tables_in(after, "request of 2 March") == {"customers_erasure"}, "the receipt is there"
    # The requests that carried it are in the logs, and the places that were searched hold what they should.
    for route in ("customer_tag", "customer_list", "import_create", "customer_erase"):
        assert route in logged(ground), route
    assert {"0:_kombu.binding.pipeline", "0:_kombu.binding.jobs"} <= set(kept_in_valkey(ground))
    assert [key for key in kept_in_valkey(ground) if key.startswith("1:")], "the cache holds something"


def test_the_search_finds_what_is_there(company, ground):
    """So that finding nothing means something."""
    for number in (0, 1):
        with redis.Redis(unix_socket_path=str(ground.valkey.socket), db=number) as client:
            client.set(f"plain{number}", "control-7")
            client.hset(f"hash{number}", "field", "control-7")
            client.lpush(f"list{number}", json.dumps({"body": base64.b64encode(b"control-7").decode()}))
            client.sadd(f"set{number}", "control-7")
            client.zadd(f"zset{number}", {"control-7": 1})
    found = {key for key, value in kept_in_valkey(ground).items() if "control-7" in value}
    assert found == {f"{n}:{kind}{n}" for n in (0, 1) for kind in ("plain", "hash", "list", "set", "zset")}
    assert [Path(path).parts[0] for path in files_with(ground, "control-7")] == ["valkey"], "its own file is read too"
    company.execute("INSERT INTO core_lastrun (name, at) VALUES ('control-7', now())")
    assert tables_in(dump(company), "control-7") == {"core_lastrun"}
