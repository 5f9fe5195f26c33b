"""An exam: eight problems like the exercises, with numbers that a seed draws, and their solutions.

Another seed makes another sheet. Whoever knows the seed can make the solutions, so the sheet does not tell it, and
``draw`` takes one that nobody guesses. The test computes each answer a second time, in another way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, log
from random import Random
from secrets import randbelow

__all__ = ["PROBLEMS", "Problem", "draw", "problems", "sheet", "solutions"]


@dataclass(frozen=True)
class Problem:
    """A problem with its numbers: what is asked, its answer to three decimals or more, and the way there."""

    title: str
    chapter: int
    points: int
    given: dict
    asked: str
    answer: float
    way: str


def _table(head: str, rows: list[tuple]) -> str:
    names = head.split()
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def cost_of_a_letter(chance: Random) -> Problem:
    """The cost of a change: a number, an ordered level, a nominal one."""
    low = 500 * chance.randint(0, 4)
    range_ = 1000 * chance.choice([4, 5, 8, 10])
    has = low + range_ // 10 * chance.randint(1, 3)
    saves = range_ // 20 * chance.randint(3, 11)
    levels = ["none", "basic", "trained", "expert", "master"][: chance.choice([4, 5])]
    up = chance.randint(1, len(levels) - 2)
    moves = chance.random() < 0.5
    answer = saves / range_ + up / (len(levels) - 1) + moves
    home = "moves from a rented home to an owned one" if moves else "stays in the rented home"
    return Problem(
        "The cost of a letter",
        2,
        3,
        dict(low=low, high=low + range_, has=has, saves=saves, levels=levels, up=up, moves=moves),
        f"In the training data, savings reach from {low:,} to {low + range_:,} DM. Skill is ordered: "
        f"{', '.join(levels)}. Housing is nominal: free, rented, owned. Somebody has {has:,} DM, skill "
        f"“{levels[0]}” and a rented home. After the letter they have {has + saves:,} DM, skill “{levels[up]}”, and "
        f"the person {home}. What does the letter cost?",
        answer,
        f"${saves} / {range_} + {up} / {len(levels) - 1} + {int(moves)}$.",
    )


def best_under_the_ideal(chance: Random) -> Problem:
    """The ideal recourse distribution over five people: a product of three objectives."""
    weight, margin = chance.choice([2, 3, 4, 5]), chance.choice([0.5, 0.6])
    h = [margin - 0.1, *(round(chance.uniform(margin + 0.05, 0.98), 2) for _ in range(4))]
    density = [chance.randint(3, 9) / 10, 0.0, *(chance.randint(1, 8) / 10 for _ in range(3))]
    cost = [chance.randint(1, 12) / 10 for _ in range(5)]
    worth = [(q > margin) * p * exp(-weight * c) for q, p, c in zip(h, density, cost, strict=True)]
    rows = list(zip("ABCDE", map("{:.2f}".format, h), density, cost, strict=True))
    return Problem(
        "The ideal recourse distribution",
        2,
        5,
        dict(h=h, density=density, cost=cost, weight=weight, margin=margin),
        f"Five candidates are all there are. With a validity margin of {margin} and $\\lambda = {weight}$, give the "
        "probability under $R^*$ of the most probable one.\n\n"
        + _table("candidate h density cost", rows),
        max(worth) / sum(worth),
        "A is not valid, and nobody is like B: both have 0. The others have density times "
        f"$e^{{-{weight} C}}$: {', '.join(f'{n} {w:.4f}' for n, w in zip('CDE', worth[2:], strict=True))}. "
        "Divide the greatest by their sum.",
    )


def exchange_rate(chance: Random) -> Problem:
    """The cost weight at which two candidates are equally probable."""
    rare, often = chance.randint(1, 3) / 100, chance.randint(2, 8) / 10
    near = chance.randint(1, 3) / 10
    far = near + chance.randint(2, 6) / 10
    return Problem(
        "An exchange rate",
        2,
        3,
        dict(rare=rare, often=often, near=near, far=far),
        f"Two valid candidates: one costs {near:.1f} and has density {rare}, the other costs {far:.1f} and has density "
        f"{often}. For which $\\lambda$ does $R^*$ give both the same probability?",
        log(often / rare) / (far - near),
        f"${rare}\\, e^{{-{near:.1f}\\lambda}} = {often}\\, e^{{-{far:.1f}\\lambda}}$, so "
        f"$\\lambda = \\ln({often} / {rare}) / {far - near:.1f}$.",
    )


def score_by_hand(chance: Random) -> Problem:
    """The Score, in which whoever got no answer counts."""
    asked, features = chance.choice([20, 25, 40, 50]), chance.randint(6, 20)
    found = asked - chance.randint(2, 6)
    valid, inliers = found - chance.randint(0, 3), found - chance.randint(1, 4)
    cost = chance.randint(5, 30) / 10
    return Problem(
        "A Score",
        11,
        3,
        dict(asked=asked, features=features, found=found, valid=valid, inliers=inliers, cost=cost),
        f"{asked} people ask on a table with {features} features. A method answers {found} of them; {valid} answers are "
        f"valid, {inliers} are inliers, and the mean cost of the answers found is {cost}. What is its Score?",
        valid / asked + inliers / asked - cost / features,
        f"${valid}/{asked} + {inliers}/{asked} - {cost}/{features}$: the shares are of all who asked.",
    )


def greatest_shift(chance: Random) -> Problem:
    """How far a linear bank may move before a letter is lost."""
    w = [chance.randint(1, 5), -chance.randint(1, 4)]
    x = [chance.randint(2, 6), -chance.randint(1, 3)]
    b = -chance.randint(1, 4)
    z = w[0] * x[0] + w[1] * x[1] + b
    size = abs(x[0]) + abs(x[1]) + 1
    return Problem(
        "How far the bank may move",
        5,
        4,
        dict(w=w, x=x, b=b),
        f"A linear bank has $w = ({w[0]}, {w[1]})$ and $b = {b}$, and a letter leads to $x = ({x[0]}, {x[1]})$. Each "
        "weight and the intercept may move by up to $\\delta$. What is the greatest $\\delta$ at which the letter is "
        "still not denied?",
        z / size,
        f"$z = {z}$, and the worst bank takes away $\\delta ({abs(x[0])} + {abs(x[1])} + 1)$. So "
        f"$\\delta = {z} / {size}$.",
    )


def effective_size(chance: Random) -> Problem:
    """How many targets speak, by their weights."""
    weight = chance.choice([2, 3, 4])
    costs = [chance.randint(1, 9) / 10 for _ in range(4)]
    raw = [exp(-weight * c) for c in costs]
    return Problem(
        "How many targets speak",
        7,
        4,
        dict(weight=weight, costs=costs),
        f"A source has four targets, with costs {', '.join(map(str, costs))}, and $\\lambda = {weight}$. What is the "
        "effective sample size of $Q$?",
        sum(raw) ** 2 / sum(r * r for r in raw),
        f"The weights are in proportion to {', '.join(f'{r:.4f}' for r in raw)}; square of the sum by sum of the "
        "squares.",
    )


def least_of_draws(chance: Random) -> Problem:
    """The mean cost of the cheapest of some draws."""
    draws = chance.choice([2, 3, 4])
    low = chance.randint(1, 5)
    middle = chance.randint(1, 9 - low)
    share = [low / 10, middle / 10, (10 - low - middle) / 10]
    cost = sorted(chance.sample(range(1, 9), 3))
    least = [sum(share[i:]) ** draws for i in range(3)] + [0]
    return Problem(
        "The cheapest of some",
        9,
        4,
        dict(draws=draws, share=share, cost=cost),
        f"Every letter of a model is valid. It costs {cost[0]} with probability {share[0]}, {cost[1]} with {share[1]} and "
        f"{cost[2]} with {share[2]}. You draw {draws} and send the cheapest. What does it cost on average?",
        sum(c * (least[i] - least[i + 1]) for i, c in enumerate(cost)),
        f"The cheapest costs at least {cost[1]} with probability ${share[1] + share[2]:.1f}^{draws}$ and {cost[2]} with "
        f"${share[2]}^{draws}$; the differences weigh the costs.",
    )


def stand_together(chance: Random) -> Problem:
    """How many comparisons stand by Holm's procedure."""
    many = chance.choice([4, 5, 6])
    stand = chance.randint(1, many - 1)
    bars = [0.05 / (many - i) for i in range(many)]
    p = [round(bar * chance.uniform(0.3, 0.9), 4) for bar in bars[:stand]]
    p.append(round(bars[stand] * chance.uniform(1.1, 1.4), 4))
    p += [round(chance.uniform(0.06, 0.4), 3) for _ in range(many - stand - 1)]
    mixed = chance.sample(p, many)
    ordered = sorted(p)
    count = next(
        (i for i, (one, bar) in enumerate(zip(ordered, bars, strict=True)) if one > bar), many
    )
    return Problem(
        "What stands together",
        11,
        4,
        dict(p=mixed),
        f"{many} comparisons have the p-values {', '.join(map(str, mixed))}. How many of them stand together at 5 %, by "
        "Holm's procedure?",
        count,
        f"In order, {', '.join(map(str, ordered))} against {', '.join(f'{bar:.4f}' for bar in bars)}, until the first "
        "that fails.",
    )


PROBLEMS: tuple[Callable[[Random], Problem], ...] = (
    cost_of_a_letter,
    best_under_the_ideal,
    exchange_rate,
    greatest_shift,
    effective_size,
    least_of_draws,
    score_by_hand,
    stand_together,
)


def draw() -> int:
    """A seed that nobody guesses."""
    return randbelow(10**12)


def problems(seed: int) -> list[Problem]:
    """The problems of a sheet; the same for the same seed.

    Examples
    --------
    >>> problems(1) == problems(1), problems(1) == problems(2)
    (True, False)
    """
    return [make(Random(f"{seed}/{make.__name__}")) for make in PROBLEMS]


def sheet(seed: int) -> str:
    """The sheet that is handed out, as Markdown; it does not tell its seed."""
    every = problems(seed)
    head = (
        f"# Exam: algorithmic recourse\n\n{sum(p.points for p in every)} points. Give numbers to three "
        "decimals, and the way to each. A calculator is allowed.\n"
    )
    parts = [
        f"## {n}. {p.title} ({p.points} points)\n\n{p.asked}\n" for n, p in enumerate(every, 1)
    ]
    return "\n".join([head, *parts])


def solutions(seed: int) -> str:
    """The answers, for whoever grades."""
    parts = [
        f"## {n}. {p.title}\n\n**{p.answer:.4g}** {p.way} (Chapter {p.chapter}.)\n"
        for n, p in enumerate(problems(seed), 1)
    ]
    return "\n".join([f"# Exam: solutions of sheet {seed}\n", *parts])
