"""nginx with TLS: current protocols only, a redirect from plain HTTP, and nothing for unknown hosts."""

import datetime
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ictiger.testbed import nginx
from ictiger.testbed.site import free_port

from .site import HOST, send_raw


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> Path:
    """A self-signed certificate for HOST, with its key in the same folder."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    (folder / "site.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "site.key").write_bytes(private)
    return folder / "site.pem"


@pytest.fixture(scope="module")
def ports(front, certificate) -> Iterator[tuple[int, int]]:
    """The ports of plain HTTP and of TLS."""
    plain, secure = free_port(), free_port()
    addresses = ["--listen=127.0.0.1", f"--http-port={plain}", f"--https-port={secure}"]
    files = [f"--certificate={certificate}", f"--key={certificate.with_name('site.key')}"]
    conf = front.site.manage("deploy", "nginx", f"--live={front.live}", *addresses, *files).stdout
    with nginx.running_nginx(conf, port=secure):
        yield plain, secure


@pytest.fixture
def trusting(certificate) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))


def get(path: str, host: str = HOST) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()


def test_page_over_tls_has_strict_transport_security(ports, trusting):
    response = send_raw(ports[1], get("/about/"), tls=trusting)
    assert response.startswith(b"HTTP/1.1 200")
    assert b"strict-transport-security: max-age=31536000\r\n" in response.lower()


def test_plain_http_redirects_to_https(ports):
    response = send_raw(ports[0], get("/search/?q=a%20b"))
    assert response.startswith(b"HTTP/1.1 301")
    assert f"Location: https://{HOST}/search/?q=a%20b\r\n".encode() in response


def test_http2_is_offered(ports, trusting):
    trusting.set_alpn_protocols(["h2", "http/1.1"])
    with trusting.wrap_socket(
        socket.create_connection(("127.0.0.1", ports[1])), server_hostname=HOST
    ) as connection:
        assert connection.selected_alpn_protocol() == "h2"
        assert connection.version() == "TLSv1.3"


@pytest.mark.filterwarnings("ignore:.*TLSv1_1 is deprecated:DeprecationWarning")
def test_old_protocols_are_refused(ports, trusting):
    trusting.minimum_version = trusting.maximum_version = ssl.TLSVersion.TLSv1_1
    trusting.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError):
        send_raw(ports[1], get("/about/"), tls=trusting)


def test_unknown_host_gets_no_handshake_and_no_response(ports):
    unverified = ssl.create_default_context()
    unverified.check_hostname = False
    unverified.verify_mode = ssl.CERT_NONE
    with pytest.raises(ssl.SSLError, match=r"(?i)unrecognized"):
        send_raw(ports[1], get("/about/", "evil.test"), tls=unverified, server_name="evil.test")
    assert send_raw(ports[0], get("/about/", "evil.test")) == b""


def test_unknown_host_after_a_handshake_for_another_gets_no_page(ports, trusting):
    response = send_raw(ports[1], get("/about/", "evil.test"), tls=trusting)
    assert b"ICTiger" not in response
