"""A timestamp authority on this machine: OpenSSL's, behind a web server of the test process."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_CONFIG = """
[tsa]
default_tsa = made
[made]
serial = {folder}/serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ordering = yes
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""
_SIGNER = "keyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping\n"


@dataclass(slots=True)
class Authority:
    """Where it answers, and the certificate that vouches for it. `spoil` breaks its answers."""

    url: str
    roots: Path
    spoil: bool = False


def _run(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def _made(folder: Path) -> None:
    subject = ("-subj", "/O=Invx tests/CN=")
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    _run(
        folder,
        *("req", "-x509", *key, "-keyout", "root.key", "-out", "root.pem", "-days", "30"),
        *(subject[0], subject[1] + "root", "-addext", "keyUsage=critical,keyCertSign"),
    )
    _run(
        folder,
        *("req", "-new", *key, "-keyout", "tsa.key", "-out", "tsa.csr"),
        *(subject[0], subject[1] + "tsa"),
    )
    (folder / "signer.ext").write_text(_SIGNER)
    _run(
        folder,
        *("x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key"),
        *("-CAcreateserial", "-out", "tsa.pem", "-days", "30", "-extfile", "signer.ext"),
    )
    (folder / "serial").write_text("01\n")
    (folder / "tsa.cnf").write_text(_CONFIG.format(folder=folder))


@contextmanager
def authority(folder: Path) -> Iterator[Authority]:
    """It answers for a while."""
    folder.mkdir()
    _made(folder)
    lock = threading.Lock()

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["content-length"]))
            with lock:
                (folder / "query").write_bytes(query)
                _run(
                    folder,
                    *("ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query"),
                    *("-signer", "tsa.pem", "-inkey", "tsa.key", "-out", "reply"),
                )
                reply = bytearray((folder / "reply").read_bytes())
            if said.spoil:
                reply[-1] ^= 1
            self.send_response(200)
            self.send_header("content-type", "application/timestamp-reply")
            self.send_header("content-length", str(len(reply)))
            self.end_headers()
            self.wfile.write(bytes(reply))

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    said = Authority(f"http://127.0.0.1:{server.server_port}/tsr", folder / "root.pem")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield said
    finally:
        server.shutdown()
        server.server_close()
