import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def tracked():
    """Every file under version control that still exists."""
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, check=True).stdout
    return [path for path in (ROOT / name for name in listed.decode().split("\0") if name) if path.is_file()]


@pytest.fixture(scope="session")
def prefix():
    path = pathlib.Path(os.environ.get("AISIX_PREFIX", ROOT / "build" / "install")).resolve()
    if not (path / "bin" / "aisix").exists():
        pytest.fail(f"{path} holds no installed gateway")
    return path
