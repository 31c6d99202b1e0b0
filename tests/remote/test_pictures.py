"""Pictures: bounded, checked, from public addresses only."""

import io
import ipaddress
import socket
import threading

import pytest
from PIL import Image

from tasks.outcomes import Reason
from tasks.params import DownloadParams
from tasks.remote.addresses import is_public, resolve_address
from tasks.remote.failures import FetchFailed
from tasks.remote.pictures import fetch_picture


def encode(kind="PNG", size=(40, 30)):
    buffer = io.BytesIO()
    Image.radial_gradient("L").resize(size).convert("RGB").save(buffer, kind)
    return buffer.getvalue()


@pytest.fixture
def fetch(world):
    params = {"stall_timeout_s": 0.5, "segment_timeout_s": 5, "allow_private_addresses": True}

    def fetch_one(path, **more):
        url = path if "://" in path else world.url + path
        return fetch_picture(url, params=DownloadParams(**{**params, **more}))

    return fetch_one


def fail(fetch, path, **more):
    with pytest.raises(FetchFailed) as caught:
        fetch(path, **more)
    return caught.value.reason


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
def test_bytes_come_as_they_are(world, fetch, kind):
    world.files["/a b.img"] = encode(kind)
    assert fetch("/a b.img") == world.files["/a b.img"]


def test_what_is_no_picture(world, fetch):
    broken = encode()[:-40]
    world.files |= {"/text.img": b"hello", "/broken.img": broken, "/video.mp4": encode()}
    assert fail(fetch, "/text.img") is Reason.bad_picture
    assert fail(fetch, "/broken.img") is Reason.bad_picture
    assert fail(fetch, "/video.mp4") is Reason.bad_picture  # by its content type


def test_limits(world, fetch):
    world.files["/large.img"] = encode("BMP", (300, 300))
    assert fail(fetch, "/large.img", picture_max_mb=0.1) is Reason.bad_picture
    assert fail(fetch, "/large.img", picture_max_megapixels=0.01) is Reason.bad_picture
    assert fetch("/large.img")


FAULTS = [
    ("status", 404, Reason.not_found),
    ("status", 410, Reason.removed),
    ("status", 403, Reason.forbidden),
    ("status", 429, Reason.rate_limited),
    ("status", 500, Reason.server_error),
    ("html", 200, Reason.bad_picture),
    ("loop", 302, Reason.server_error),
    ("stall", 200, Reason.timeout),
    ("stall_body", 200, Reason.timeout),
    ("cut", 200, Reason.truncated),
]


@pytest.mark.parametrize(("kind", "status", "reason"), FAULTS)
def test_faults(world, fetch, make_fault, kind, status, reason):
    world.files["/face.img"] = encode()
    world.faults["/face.img"] = make_fault(kind, status)
    assert fail(fetch, "/face.img") is reason


def test_redirects_are_followed_and_checked(world, fetch, make_fault):
    world.files["/face.img"] = encode()
    world.faults["/old"] = make_fault("status", 301, headers=(("Location", "/face.img"),))
    world.faults["/file"] = make_fault("status", 302, headers=(("Location", "file:///etc/hosts"),))
    assert fetch("/old") == world.files["/face.img"]
    assert fail(fetch, "/file") is Reason.refused_address


def test_private_addresses_are_refused(world, fetch):
    for host in ("127.0.0.1", "localhost", "[::1]", "0.0.0.0", "[::ffff:127.0.0.1]"):
        url = f"http://{host}:{world.port}/face.img"
        assert fail(fetch, url, allow_private_addresses=False) is Reason.refused_address
    assert not world.asked


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.org/a.jpg", "data://x"])
def test_only_http(fetch, url):
    assert fail(fetch, url) is Reason.refused_address


def test_what_is_no_url(fetch):
    assert fail(fetch, "http://") is Reason.bad_picture
    assert fail(fetch, "http://[/a.jpg") is Reason.bad_picture
    assert fail(fetch, "http://a:port/a.jpg") is Reason.bad_picture


PRIVATE = "10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 224.0.0.1 240.0.0.1 \
fe80::1 fc00::1 ff02::1 ::ffff:10.0.0.1 64:ff9b::a00:1 2002:a00:1::"


@pytest.mark.parametrize("address", PRIVATE.split())
def test_addresses_that_are_not_public(address):
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_public_addresses(address):
    assert is_public(ipaddress.ip_address(address))


def test_one_private_address_among_public_ones_is_refused(monkeypatch):
    found = [(2, 1, 6, "", (address, 80)) for address in ("93.184.215.14", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(FetchFailed):
        resolve_address("example.org", 80, allow_private=False)
    assert resolve_address("example.org", 80, allow_private=True) == "93.184.215.14"


def test_requests_come_from_the_address_family_that_is_asked_for(world, fetch):
    world.files["/face.img"] = encode()
    assert fetch("/face.img", client_options={"force_ipv4": True})
    assert fail(fetch, "/face.img", client_options={"force_ipv6": True}) is Reason.network


def test_the_proxy_is_used(world, monkeypatch):
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as proxy:

        def serve():
            link, _ = proxy.accept()
            with link:
                asked.append(link.recv(1000))
                link.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                link.recv(1000)
                body = encode()
                head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n"
                link.sendall(head.encode() + body)

        thread = threading.Thread(target=serve)
        thread.start()
        monkeypatch.setenv(
            "SPEECH_PORTRAITS_PROXY", f"http://me:secret@127.0.0.1:{proxy.getsockname()[1]}"
        )
        params = DownloadParams(allow_private_addresses=True)
        assert fetch_picture("http://127.0.0.1:9/a.png", params=params) == encode()
        thread.join()
    assert asked[0].startswith(b"CONNECT 127.0.0.1:9 ")
    assert b"Basic bWU6c2VjcmV0" in asked[0]
