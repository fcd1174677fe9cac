"""Adds up a JUnit file: prints `passed failed skipped`. Exit 1 when it holds no test."""

import sys
import xml.etree.ElementTree as tree

try:
    root = tree.parse(sys.argv[1]).getroot()
except (OSError, tree.ParseError) as error:
    sys.exit(f"{sys.argv[1]}: {error}")
suites = [root] if root.tag == "testsuite" else root.findall("testsuite")
cases = [case for suite in suites for case in suite.iter("testcase")]
failed = [case for case in cases if case.find("failure") is not None or case.find("error") is not None or case.get("status") == "fail"]
skipped = [case for case in cases if case not in failed and
           (case.find("skipped") is not None or case.get("status") in ("notrun", "disabled"))]
if not cases:
    sys.exit(f"{sys.argv[1]}: no test")
print(len(cases) - len(failed) - len(skipped), len(failed), len(skipped))
