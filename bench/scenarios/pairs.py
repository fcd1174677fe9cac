"""Alternating rounds and what is made of them."""

import statistics


def spread(values, digits=3):
    return {"median": round(statistics.median(values), digits), "min": round(min(values), digits),
            "max": round(max(values), digits)}


def alternate(sides, measure, rounds, baseline="nginx"):
    """Measures each side once per round, each round in the other order. For every figure: the spread of each side, and
    of the ratio and the difference of each side to `baseline` in the same round."""
    seen = []
    for number in range(rounds):
        order = sides if number % 2 == 0 else sides[::-1]
        seen.append({side.name: measure(side) for side in order})
    figures = {}
    for figure in seen[0][sides[0].name]:
        entry = {side.name: spread([one[side.name][figure] for one in seen]) for side in sides}
        for side in sides:
            if side.name == baseline:
                continue
            pairs = [(one[side.name][figure], one[baseline][figure]) for one in seen]
            if all(below > 0 for _, below in pairs):
                entry[side.name]["ratio"] = spread([value / below for value, below in pairs])
            entry[side.name]["difference"] = spread([value - below for value, below in pairs])
        figures[figure] = entry
    return figures
