"""The figures as the table of docs/scale.md, and the targets."""


def per_key(results, zone):
    """Bytes that a caller key adds: between the smallest and the largest number of keys."""
    first, last = results[0], results[-1]
    if last["keys"] == first["keys"]:
        return None
    difference = last["memory_mib"][zone] - first["memory_mib"][zone]
    return round(difference * (1 << 20) / (last["keys"] - first["keys"]))


def swaps_over(results):
    """None when a gateway recorded no swap at all: a metric that is missing meets no target."""
    if any(result["gateway"]["swaps"] == 0 for result in results):
        return None
    return sum(result["gateway"]["swaps_over_1_ms"] for result in results)


def verdict(results):
    largest = results[-1]
    rows = [("served after the start, s", largest["first_serve_seconds"], 3),
            ("proxy, bytes per caller key", per_key(results, "proxy"), 600),
            ("put to served, p99, ms", largest["put_to_served_ms"]["all"]["p99"], 20),
            ("swaps over 1 ms", swaps_over(results), 0)]
    return [{"target": name, "value": value, "limit": limit, "met": None if value is None else value <= limit}
            for name, value, limit in rows]


def targets(rows):
    words = {True: "met", False: "MISSED", None: "not measured"}
    return ["", "targets, with the most keys"] + [
        f"  {row['target']:<30} {row['value']!s:>10}   at most {row['limit']:<6} {words[row['met']]}" for row in rows]


def table(results):
    """Markdown."""
    lines = ["| | " + " | ".join(f"{result['keys']:,} keys" for result in results) + " | target |",
             "|---" * (len(results) + 2) + "|"]

    def row(name, cell, target=""):
        cells = [name, *(cell(result) for result in results), target]
        lines.append("|" + "|".join(f" {text} " if text else " " for text in cells) + "|")

    def of_last(value):
        return lambda result: f"{value:,}" if value is not None and result is results[-1] else ""

    def pair(result, name, first, second):
        return f"{result[name][first]['p99']:.1f} / {result[name][second]['p99']:.1f} ms"

    row("first request served after the start", lambda result: f"{result['first_serve_seconds']:.1f} s", "3 s")
    row("put to served, p50 / p99",
        lambda result: "{p50:.1f} / {p99:.1f} ms".format(**result["put_to_served_ms"]["all"]), "p99 20 ms")
    for zone in ("proxy", "admin"):
        row(f"{zone}, proportional memory", lambda result: f"{result['memory_mib'][zone]:.0f} MiB")  # noqa: B023
        row(f"{zone}, bytes per caller key", of_last(per_key(results, zone)), "600" if zone == "proxy" else "")
    row("proxy, proportional memory after all changes", lambda result: f"{result['memory_after_mib']['proxy']:.0f} MiB")
    row("swaps of a snapshot that took a loop over 1 ms",
        lambda result: "{swaps_over_1_ms} of {swaps:,}".format(**result["gateway"]), "none")
    row("request p99, alone / during a bulk change", lambda result: pair(result, "latency_ms", "alone", "during_changes"))
    return lines
