"""The units in packaging/systemd, as far as systemd judges them without running."""

import pathlib
import shutil
import subprocess

import pytest
from processes import GATEWAY

UNITS = pathlib.Path(__file__).parents[2] / "packaging" / "systemd"


@pytest.fixture
def units(tmp_path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    copies = []
    for unit in sorted(UNITS.iterdir()):
        copies.append(tmp_path / unit.name)
        copies[-1].write_text(unit.read_text().replace("/usr/bin/aisix", str(GATEWAY)))
    assert {copy.name for copy in copies} == {"aisix.service", "aisix.socket"}
    return copies


def analyze(*arguments):
    done = subprocess.run(["systemd-analyze", "--no-pager", *map(str, arguments)], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def test_units_are_valid(units):
    code, text = analyze("verify", "--man=no", *units)
    # Whatever else is wrong on this host stands there too.
    assert [line for line in text.splitlines() if "aisix" in line] == [], text
    assert code == 0, text


def test_service_is_hardened(units):
    """systemd's own measure of exposure: an ordinary service has 9.6; in tenths here."""
    code, text = analyze("security", "--offline=yes", "--threshold=20", units[0])
    assert code == 0, text
