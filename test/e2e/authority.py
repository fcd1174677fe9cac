"""Certificates made with the openssl program."""

import subprocess


class Authority:
    """A certificate authority of the test's own, made with the openssl program."""

    def __init__(self, directory, name):
        self.directory = directory
        self.name = name
        self.certificate = directory / f"{name}.pem"
        self._key = directory / f"{name}.key"
        self._run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self._key,
                  "-out", self.certificate, "-subj", f"/CN={name}", "-days", "30")

    @staticmethod
    def _run(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)

    def issue(self, name, names="DNS:localhost,IP:127.0.0.1", rsa=False, key_format=None, days=30):
        """Paths of a certificate and its key; with negative `days` it has expired."""
        key, request, certificate = (self.directory / f"{name}.{end}" for end in ("key", "csr", "crt"))
        kind = ["rsa:2048"] if rsa else ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        self._run("req", "-newkey", *kind, "-nodes", "-keyout", key, "-out", request, "-subj", f"/CN={name}")
        extensions = self.directory / f"{name}.ext"
        extensions.write_text(f"subjectAltName={names}\n")
        self._run("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self._key, "-CAcreateserial", "-out",
                  certificate, "-days", days, "-extfile", extensions)
        if key_format == "traditional":
            self._run("rsa" if rsa else "ec", "-in", key, "-out", key, *(["-traditional"] if rsa else []))
        return certificate, key
