"""The lines that a run prints."""

UNITS = {"requests_per_second": "requests/s", "cpu_us_per_request": "CPU µs/request", "chunks_per_second": "chunks/s",
         "cpu_us_per_chunk": "CPU µs/chunk"}
TIMES = {"first_us_p50": "first event p50", "first_us_p99": "first event p99", "gap_us_p50": "gap p50", "gap_us_p99": "gap p99"}


def of_side(name, figures, digits=1):
    text = f"{name} {figures['median']:.{digits}f}"
    if "added" in figures:
        text += f" (+{figures['added']:.1f})" if figures["added"] >= 0 else f" ({figures['added']:.1f})"
    return text


def lines_of(entry):
    title = f"({entry['scenario']}) {entry['case']}"
    if "connections" in entry:
        title += f", c={entry['connections']}"
    lines = [title]
    for figure, label in UNITS.items():
        sides = entry.get("figures", {}).get(figure)
        if not sides:
            continue
        ratios = "; ".join(f"{name} is {values['ratio']['median']:.2f} × {entry.get('baseline', 'nginx')}"
                           f" ({values['ratio']['min']:.2f}–{values['ratio']['max']:.2f})"
                           for name, values in sides.items() if "ratio" in values and name != "provider")
        lines.append(f"    {label:15} " + ", ".join(of_side(*side) for side in sides.items()) + f"   {ratios}")
    for figure, label in TIMES.items():
        if sides := entry.get("figures", {}).get(figure):
            lines.append(f"    {label:15} " + ", ".join(of_side(*side) for side in sides.items()) + " µs")
    if stalled := entry.get("figures", {}).get("stalled"):
        lines.append("    stalled gaps    " + ", ".join(f"{name} {values['max']:.0f}" for name, values in stalled.items()))
        share = entry["figures"]["client_cpu_share"]
        lines.append("    client's CPU    " + ", ".join(f"{name} {100 * values['max']:.0f} %" for name, values in share.items()))
    for side, seen in entry.get("memory_over_time", {}).items():
        lines.append(f"    {side}")
        for when, values in seen.items():
            text = (f"{values['proportional_mib']} MiB proportional, {values['resident_mib']} MiB resident"
                    if isinstance(values, dict) else f"{values}")
            lines.append(f"      {when:26} {text}")
    if "memory" in entry:
        lines.append("    memory          " + ", ".join(
            f"{name} {values['proportional_mib']} MiB proportional, {values['resident_mib']} MiB resident"
            for name, values in entry["memory"].items()))
    return lines
