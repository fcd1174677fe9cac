"""The installation that is measured."""

import os
import subprocess


def installed(root, prefix, skip_build):
    if prefix:
        return prefix.resolve()
    prefix = root / "build" / "bench"
    if not skip_build:
        subprocess.run([root / "scripts" / "dependencies.sh", "bench"], check=True)
        subprocess.run(["cmake", "--preset", "release"], cwd=root, check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["cmake", "--build", "--preset", "release", "--parallel", str(os.cpu_count())], cwd=root, check=True)
        subprocess.run(["cmake", "--install", "build/release", "--prefix", prefix], cwd=root, check=True,
                       stdout=subprocess.DEVNULL)
    return prefix
