"""The figures as a table, and the targets."""


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
    zones = sorted({zone for result in results for zone in result["memory_mib"]})
    lines = [f"{'caller keys':<34}" + "".join(f"{result['keys']:>12,}" for result in results)]

    def row(name, values):
        lines.append(f"{name:<34}" + "".join(f"{value:>12}" for value in values))

    row("etcd filled, s", [result["fill_seconds"] for result in results])
    row("first serve, s", [result["first_serve_seconds"] for result in results])
    for zone in zones:
        row(f"memory of {zone}, MiB", [result["memory_mib"].get(zone, "-") for result in results])
        after = [result["memory_after_mib"].get(zone, "-") for result in results]
        row("  after all changes", after)
    for zone in ("proxy", "admin"):
        row(f"{zone}, bytes per key", ["-"] * (len(results) - 1) + [str(per_key(results, zone))])
    for kind in results[0]["put_to_served_ms"]:
        for share in ("p50", "p99", "max"):
            row(f"put to served, {kind}, {share}, ms", [result["put_to_served_ms"][kind][share] for result in results])
    for name in ("alone", "during_changes"):
        for share in ("p50", "p99", "max"):
            row(f"request {name}, {share}, ms", [result["latency_ms"][name][share] for result in results])
    row("documents changed meanwhile", [result["latency_ms"]["during_changes"]["documents_changed"] for result in results])
    row("swaps / over 1 ms", [f"{result['gateway']['swaps']}/{result['gateway']['swaps_over_1_ms']}" for result in results])
    return lines
