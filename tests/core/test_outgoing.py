"""The one client for outgoing HTTP, against a real server on this machine."""

import socket
import ssl
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pytest_socket import SocketConnectBlockedError

from apps.core import destinations, outgoing
from apps.core.outgoing import NoAnswer, NotReached, Refused
from tests.web_server import answer, dripping, free_port, hang_up, web_server

PUBLIC_V4, PUBLIC_V6 = "93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"


@pytest.fixture
def site(settings):
    settings.OUTGOING_ALLOWED_HOSTS = ["127.0.0.0/8"]
    with web_server() as found:
        yield found


def post(url: str, **more):
    return outgoing.post(url, **{"body": b"{}", "headers": {}, "deadline_seconds": 2.0, **more})


def never(_host: str, _port: int) -> list[str]:
    raise AssertionError("nobody asks for the address of a number")


def says(*addresses: str):
    return lambda _host, _port: list(addresses)


BLOCKED = pytest.mark.filterwarnings("ignore:A test tried to use")  # the network: the error says to where
NUMBERS = [
    "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0x7f.1", "017700000001", "0177.0.0.1",
    "0177.0.0.01", "00000177.0.0.1", "127.0.0.1.", "0", "0.0.0.0", "0x0", "10.0.0.1", "172.16.5.4", "172.31.255.255",
    "192.168.1.1", "3232235777", "0xc0a80101", "0300.0250.1.1", "169.254.169.254", "2852039166", "0xa9fea9fe",
    "0251.0376.0251.0376", "100.64.0.1", "100.127.255.255", "192.88.99.1", "192.0.0.8", "192.0.2.1", "198.18.0.1",
    "203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "127.0.0.256", "1.2.3.4.5",
    "[::]", "[::1]", "[::127.0.0.1]", "[::7f00:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:a00:1]",
    "[::ffff:93.184.215.14]", "[::93.184.215.14]", "[64:ff9b::7f00:1]", "[64:ff9b::169.254.169.254]",
    "[64:ff9b:1::a00:1]", "[2002:7f00:1::]", "[2002:5db8:d70e::]", "[2001::1]", "[2001:0:53aa:64c::1]",
    "[2001:db8::1]", "[2001:10::1]", "[3fff::1]", "[5f00::1]", "[fe80::1]", "[fe80::1%25eth0]", "[fec0::1]",
    "[fc00::1]", "[fd12:3456::1]", "[ff02::1]", "[ff0e::1]", "[100::1]", "[4000::1]",
    "１２７.0.0.1", "127。0。0。1", "①②⑦.⓪.⓪.①", "１２７．０．０．１", "127%2e0%2e0%2e1", "0x7f%2e1",
]  # fmt: skip


@pytest.mark.parametrize("host", NUMBERS)
def test_a_number_that_is_not_public_is_refused_however_it_is_written(host):
    with pytest.raises(Refused):
        post(f"https://{host}/hook", resolve=never)


def _meant() -> list[str]:
    found = []
    for number in NUMBERS:
        with suppress(ValueError):
            found.append(str(ip_address(number.strip("[]"))))
    return found


@pytest.mark.parametrize("number", _meant())
def test_so_is_a_name_that_means_such_a_number(number):
    with pytest.raises(Refused):
        post("https://hook.example/", resolve=says(number))


@pytest.mark.parametrize(
    "addresses",
    [[PUBLIC_V4, "10.0.0.1"], ["::1", PUBLIC_V4], [PUBLIC_V6, PUBLIC_V4, "169.254.169.254"], ["fe80::1%2", PUBLIC_V4]],
)
def test_one_private_address_among_public_ones_refuses_all(addresses):
    with pytest.raises(Refused):
        post("https://hook.example/", resolve=says(*addresses))


@pytest.mark.parametrize(
    "url",
    [
        "", "hook.example", "//hook.example/", "/etc/passwd", "https:", "https://", "https:///hook",
        "http://hook.example/", "ftp://hook.example/", "file:///etc/passwd", "gopher://hook.example/", "javascript:0",
        "data:text/plain,x", "https://user@hook.example/", "https://user:secret@hook.example/", "https://@hook.example/",
        "https://hook.example@127.0.0.1/", "https://hook.example:80/", "https://hook.example:22/",
        "https://hook.example:0/", "https://hook.example:99999/", "https://hook.example:x/", "https://hook.example:-1/",
        "https://hook.example/\r\nX: y", "https://hook.example/a b", "https://hook.example/\x00", "\thttps://hook.example",
        "https://hook.example\\@127.0.0.1/", "https://[::1", "https://[hook]/", "https://-hook.example/",
        "https://hook..example/", "https://hook.example#@127.0.0.1:1/", "https://" + "a" * 64 + ".example/",
        "https://hook.example/" + "a" * 2000, "https://hook.example/ü", "https://\ud800.example/", "https://127.0.0.1:1/",
    ],
)  # fmt: skip
def test_what_is_no_plain_https_address_is_refused(url):
    with pytest.raises((Refused, SocketConnectBlockedError)) as caught:
        post(url, resolve=says(PUBLIC_V4) if "#" not in url else says("127.0.0.1"))
    assert caught.type is Refused
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("headers", [{"X": "a\r\nY: b"}, {"X": "a\nb"}, {"X: y": "a"}, {"X\r\n": "a"}, {"X": "ü"}])
def test_a_header_that_breaks_out_is_refused(site, headers):
    with pytest.raises(Refused):
        post(site.url, headers=headers)
    assert site.asked == []


@BLOCKED
@pytest.mark.parametrize("address", [PUBLIC_V4, PUBLIC_V6])
@pytest.mark.parametrize("url", ["https://hook.example/", "https://hook.example:8443/x?y=1", "https://HOOK.example./"])
def test_a_public_address_is_connected_to_and_no_other(url, address):
    """The tests' block of the network tells where it was going."""
    with pytest.raises(SocketConnectBlockedError, match=address.replace(".", r"\.")):
        post(url, resolve=says(address))


@BLOCKED
def test_the_second_answer_of_a_rebinding_name_is_checked_as_well():
    answers = [[PUBLIC_V4], ["127.0.0.1"]]
    asked = []

    def rebinds(host: str, _port: int) -> list[str]:
        asked.append(host)
        return answers[min(len(asked), 2) - 1]

    with pytest.raises(SocketConnectBlockedError, match=PUBLIC_V4):
        post("https://hook.example/", resolve=rebinds)
    assert asked == ["hook.example"]  # once a call: nothing looks it up again to connect
    with pytest.raises(Refused):
        post("https://hook.example/", resolve=rebinds)


def test_a_name_that_may_be_called_by_http_is_asked_at_its_checked_address(settings):
    settings.OUTGOING_ALLOWED_HOSTS = ["hook.internal.example"]
    with web_server() as site:
        url = f"http://hook.internal.example:{site.port}/a?b=1"
        found = post(url, body=b"hello", headers={"X-A": "b"}, resolve=says("127.0.0.1"))
        assert found.status == 200
    (asked,) = site.asked
    assert (asked.method, asked.target, asked.body) == ("POST", "/a?b=1", b"hello")
    assert asked.headers["host"] == f"hook.internal.example:{site.port}"
    assert asked.headers["x-a"] == "b"
    assert "accept-encoding" not in asked.headers or asked.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("allowed", [[], ["other.example"], ["10.0.0.0/8"], ["::1/128"]])
def test_this_machine_is_not_called_unless_it_is_named(settings, allowed):
    settings.OUTGOING_ALLOWED_HOSTS = allowed
    with web_server() as site, pytest.raises(Refused):
        post(site.url)
    assert site.asked == []


@pytest.mark.parametrize("status", [200, 204, 301, 302, 307, 308, 404, 410, 500])
def test_an_answer_is_an_answer_and_nothing_is_followed(site, status):
    site.answers = [answer(status, b"" if status == 204 else b"said", Location=f"{site.url}/elsewhere", X_Y="z")]
    found = post(site.url)
    assert (found.status, found.headers["x-y"]) == (status, "z")
    assert len(site.asked) == 1


def test_no_more_than_64_kb_are_read(site):
    site.answers = [answer(200, b"x" * 5_000_000)]
    assert post(site.url).body == b"x" * 65536
    site.answers = [b"HTTP/1.1 200 OK\r\n\r\n" + b"y" * 5_000_000]  # without a length
    assert post(site.url).body == b"y" * 65536


def test_a_chunked_answer_is_put_together(site):
    site.answers = [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"]
    assert post(site.url).body == b"abcde"


@pytest.mark.parametrize("first", [b"", b"HTTP/1.1 200 OK\r\nX-A: ", b"HTTP/1.1 "])
def test_a_server_that_drips_its_headers_ends_at_the_deadline(site, first):
    site.answers = [dripping(first)]
    began = time.monotonic()
    with pytest.raises(NoAnswer):
        post(site.url, deadline_seconds=0.5)
    assert 0.4 < time.monotonic() - began < 3


def test_a_server_that_drips_its_body_has_answered(site):
    site.answers = [dripping(b"HTTP/1.1 202 OK\r\nContent-Length: 9000\r\n\r\n")]
    began = time.monotonic()
    found = post(site.url, deadline_seconds=0.5)
    assert found.status == 202
    assert 0 < len(found.body) < 50
    assert time.monotonic() - began < 3


def test_endless_interim_answers_end_at_the_deadline(site):
    def interim(connection: socket.socket) -> None:
        while True:
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            time.sleep(0.02)

    site.answers = [interim]
    with pytest.raises(NoAnswer):
        post(site.url, deadline_seconds=0.5)


@pytest.mark.parametrize(
    "said",
    [
        hang_up,
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 9999999 X\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 500,
        b"HTTP/1.1 200 " + b"x" * 100_000,
    ],
)
def test_a_call_without_a_proper_answer_may_have_been_received(site, said):
    site.answers = [said]
    with pytest.raises(NoAnswer):
        post(site.url)
    assert len(site.asked) == 1


def test_nobody_there_means_nothing_was_handed_over(settings):
    settings.OUTGOING_ALLOWED_HOSTS = ["127.0.0.1"]
    with pytest.raises(NotReached):
        post(f"http://127.0.0.1:{free_port()}/")


def test_a_name_without_an_address_means_nothing_was_handed_over():
    def unknown(_host: str, _port: int) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(NotReached):
        post("https://hook.example/", resolve=unknown)
    with pytest.raises(NotReached):
        post("https://hook.example/", resolve=says())


def test_a_look_up_that_hangs_ends_at_the_deadline():
    began = time.monotonic()
    with pytest.raises(NotReached):
        post("https://hook.example/", resolve=lambda _h, _p: time.sleep(3) or [], deadline_seconds=0.3)
    assert time.monotonic() - began < 2


def test_the_next_address_is_tried(site, settings):
    settings.OUTGOING_ALLOWED_HOSTS = ["hook.example"]
    found = post(f"http://hook.example:{site.port}/", resolve=says("::1", "127.0.0.1"))
    assert found.status == 200


def test_a_form_may_name_a_host_that_has_no_address_yet():
    def unknown(_host: str, _port: int) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    destinations.check("https://hook.example/", resolve=unknown)
    for bad in ("http://hook.example/", "https://hook.example:22/"):
        with pytest.raises(Refused):
            destinations.check(bad, resolve=unknown)
    with pytest.raises(Refused):
        destinations.check("https://hook.example/", resolve=says("10.0.0.1"))


# --- TLS


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(named).issuer_name(named).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.KeyUsage(True, False, False, False, False, True, True, False, False), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = folder / "made.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context, path


@pytest.fixture
def safe_site(settings, tmp_path, monkeypatch):
    context, path = certificate(tmp_path, "hook.example")
    seen: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: seen.append(name)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    outgoing.trust.cache_clear()
    settings.OUTGOING_ALLOWED_HOSTS = ["127.0.0.1"]
    with web_server(context) as found:
        yield found, seen
    outgoing.trust.cache_clear()


def test_the_name_and_not_the_address_counts_for_the_certificate(safe_site):
    site, seen = safe_site
    site.answers = [answer(200, b"z" * 200_000)]
    found = post(f"https://hook.example:{site.port}/", resolve=says("127.0.0.1"))
    assert (found.status, len(found.body)) == (200, 65536)
    assert seen == ["hook.example"]


def test_a_certificate_of_another_name_ends_it_before_anything_is_said(safe_site):
    site, _seen = safe_site
    with pytest.raises(NotReached):
        post(f"https://other.example:{site.port}/", resolve=says("127.0.0.1"))
    assert site.asked == []


def test_a_drip_by_tls_ends_at_the_deadline(safe_site):
    site, _seen = safe_site
    site.answers = [dripping(b"HTTP/1.1 200 OK\r\nX-A: ")]
    began = time.monotonic()
    with pytest.raises(NoAnswer):
        post(f"https://hook.example:{site.port}/", resolve=says("127.0.0.1"), deadline_seconds=0.6)
    assert time.monotonic() - began < 3
