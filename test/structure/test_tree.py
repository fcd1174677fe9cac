"""The tree itself: sizes, paths, leftovers."""

import re

SOURCES = (".cc", ".h", ".proto", ".py", ".sh", ".cmake")


def text_of(path):
    try:
        return path.read_text()
    except UnicodeDecodeError:
        return ""


def test_file_sizes(root, tracked):
    """A file has one subject and is read in one sitting."""
    long = {path.relative_to(root).as_posix(): len(text_of(path).splitlines()) for path in tracked
            if path.suffix in SOURCES and len(text_of(path).splitlines()) > 600}
    assert long == {}


def test_no_paths_of_a_machine(root, tracked):
    pattern = re.compile(r"(?<![\w.])/(root|work|home/\w+)/[\w.]")
    found = [f"{path.relative_to(root)}:{number}" for path in tracked if path.name != "test_tree.py"
             for number, line in enumerate(text_of(path).splitlines(), 1) if pattern.search(line)]
    assert found == []


def test_nothing_left_over(root, tracked):
    pattern = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
    found = [f"{path.relative_to(root)}:{number}" for path in tracked if path.suffix in (*SOURCES, ".md", ".txt", ".yaml")
             for number, line in enumerate(text_of(path).splitlines(), 1) if pattern.search(line)]
    assert found == []


def test_headers_are_guarded(root, tracked):
    assert [path.relative_to(root).as_posix() for path in tracked
            if path.suffix == ".h" and "#pragma once" not in text_of(path)] == []


def test_links_of_the_documentation(root, tracked):
    """Relative links point to files that exist."""
    broken = []
    for path in tracked:
        if path.suffix != ".md":
            continue
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text_of(path)):
            if not re.match(r"[a-z]+:", target) and not (path.parent / target).exists():
                broken.append(f"{path.relative_to(root)}: {target}")
    assert broken == []


def test_licence(root):
    assert "Apache License" in (root / "LICENSE").read_text()
