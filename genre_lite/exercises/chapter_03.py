"""Exercises of chapter 3: Searching in feature space."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from .exercise import Exercise, Mistake, alike


def _effects() -> dict[float, str]:
    weight, yes = 4, 0.1
    pull_at_home = (1 - yes) * weight
    pull_at_the_line = (1 - 0.5) * weight

    def effect(cost_weight):
        if cost_weight >= pull_at_home:
            return "stays"
        if cost_weight >= pull_at_the_line:
            return "moves, denied"
        return "accepted"

    return {each: effect(each) for each in (0.01, 1.0, 3.0, 3.8)}


def _optimum():
    def optimum(x, w, b, cost_weight):
        x, w = np.asarray(x, dtype=float), np.asarray(w, dtype=float)
        best, m = x.copy(), np.abs(w).argmax()
        heavy, z = abs(w[m]), w @ x + b
        pull_at_home = heavy / (1 + np.exp(z))  # (1 − h) |w_m|
        if cost_weight < pull_at_home:
            odds = (heavy - cost_weight) / cost_weight
            best[m] += (np.log(odds) - z) / w[m]
        return best

    return optimum


def _every_feature():
    def optimum(x, w, b, cost_weight):
        x, w = np.asarray(x, dtype=float), np.asarray(w, dtype=float)
        heavy = np.abs(w).max()
        z = w @ x + b
        if cost_weight >= heavy / (1 + np.exp(z)):
            return x
        return x + (np.log((heavy - cost_weight) / cost_weight) - z) * w / (w @ w)

    return optimum


def _to_the_line():
    def optimum(x, w, b, cost_weight):
        best, w = np.array(x, dtype=float), np.asarray(w, dtype=float)
        m = np.abs(w).argmax()
        best[m] -= (w @ best + b) / w[m]
        return best

    return optimum


def _always_moves():
    def optimum(x, w, b, cost_weight):
        best, w = np.array(x, dtype=float), np.asarray(w, dtype=float)
        m = np.abs(w).argmax()
        heavy = abs(w[m])
        # Nobody moves at or above the greatest weight; below it, everybody does.
        if cost_weight < heavy:
            best[m] += (np.log((heavy - cost_weight) / cost_weight) - (w @ best + b)) / w[m]
        return best

    return optimum


def _linear() -> tuple[tuple, ...]:
    here, w = np.array([0.2, 0.3]), np.array([4.0, 2.0])
    rng = np.random.default_rng(3)
    drawn = tuple(
        (rng.random(4), rng.normal(0, 4, 4), rng.normal(0, 2), each)
        for each in (0.05, 0.5, 1, 2, 4)
    )
    return (
        *((here, w, -3.0, each) for each in (0.2, 1.0, 3.0, 3.8)),
        (np.array([0.5, 0.9, 0.1]), np.array([1.0, -5.0, 2.0]), 1.0, 1.5),
        (np.array([0.9, 0.4]), np.array([4.0, 2.0]), -1.0, 0.05),  # accepted, and a surer yes pays
        (np.array([0.9, 0.4]), np.array([4.0, 2.0]), -1.0, 1.0),  # accepted, and it does not
        (np.array([0.1, 0.6, 0.2]), np.array([3.0, 1.0, -3.0]), -1.0, 0.5),  # two are heaviest
        *drawn,
    )


LINEAR = _linear()


def _rests(found, x, w, b, cost_weight) -> bool:
    """Whether that is an optimum: where two features are heaviest, either may move."""
    heaviest = np.flatnonzero(np.isclose(np.abs(w), np.abs(w).max()))
    for m in heaviest:
        alone = np.where(np.arange(len(w)) == m, w, 0)  # so that this one is the heaviest
        rest = w @ x + b - alone @ x
        best = _optimum()(x, alone, rest, cost_weight)
        if alike(found, best):
            return True

    def loss(point: np.ndarray) -> float:
        return np.logaddexp(0, -(w @ point + b)) + cost_weight * np.abs(point - x).sum()

    # They may also share the move, in whatever way.
    return len(heaviest) > 1 and bool(loss(np.asarray(found, float)) <= loss(best) + 1e-9)


def _shell():
    def shell(x, g, u, low, high):
        direction = g / np.linalg.norm(g, axis=1, keepdims=True)
        radius = low + (high - low) * u
        return x + radius[:, None] * direction

    return shell


def _no_length():
    return lambda x, g, u, low, high: x + (low + (high - low) * u)[:, None] * g


def _whole_ball():
    def ball(x, g, u, low, high):
        return x + (high * u)[:, None] * g / np.linalg.norm(g, axis=1, keepdims=True)

    return ball


def _one_length():
    def together(x, g, u, low, high):
        return x + (low + (high - low) * u)[:, None] * g / np.linalg.norm(g)

    return together


def _drawn() -> tuple[tuple, ...]:
    rng = np.random.default_rng(33)
    three = np.array([[1.0, -2.0, 2.0], [0.5, 0.5, -0.1], [-3.0, 0.0, 4.0]])
    return (
        (np.array([0.2, 0.7, 0.5]), three, np.array([0.0, 0.5, 1.0]), 0.4, 0.6),
        (rng.random(2), rng.standard_normal((7, 2)), rng.random(7), 0.0, 0.2),
        (rng.random(5), rng.standard_normal((1, 5)), rng.random(1), 0.3, 0.9),
        (rng.random(1), rng.standard_normal((4, 1)), rng.random(4), 0.1, 0.5),
    )


DRAWN = _drawn()


def _determinants() -> dict[str, object]:
    def determinant(distance):
        alike = 1 / (1 + distance)
        return 1 * 1 - alike * alike

    values = [determinant(distance) for distance in (0, 1, 3)]
    places = ["first", "second", "third"]
    favourite = places[values.index(min(values))]
    return {"determinants": values, "the port's favourite": favourite}


@cache
def _moons():
    import genre_lite as gl

    toy = gl.load_dataset("moons", n=600)
    h = gl.train_classifier(toy, seed=0, progress=False)
    wachter = gl.baselines.Wachter(h, toy.schema, progress=False)
    wachter.fit(toy.X_train, toy.y_train)
    unusual = np.quantile(toy.density(toy.X_train[toy.y_train == 1]), 0.01)
    return toy, h, wachter, unusual


def _two_starts() -> dict[str, tuple[float, float]]:
    import numpy as np
    import pandas as pd

    import genre_lite as gl

    toy = gl.load_dataset("moons", n=600)
    h = gl.train_classifier(toy, seed=0, progress=False)
    search = gl.baselines.Wachter(h, toy.schema, progress=False)
    search.fit(toy.X_train, toy.y_train)

    # A row of starts on the upper moon, from one of the one kind to one of the other.
    row = np.linspace((-0.5, 0.6), (0.2, 1.0), 41)
    starts = pd.DataFrame(row, columns=["x1", "x2"])
    rarest = np.quantile(toy.density(toy.X_train[toy.y_train == 1]), 0.01)
    alone = toy.density(search.recommend(starts).best()) < rarest

    # Where the verdict changes are the two.
    turn = np.flatnonzero(alone[1:] != alone[:-1])[0]
    two = {bool(alone[i]): tuple(starts.iloc[i]) for i in (turn, turn + 1)}
    return {"among people": two[False], "nobody there": two[True]}


NEAR = 0.1


def _rows(answer) -> pd.DataFrame:
    two = [np.ravel(answer[name]).astype(float) for name in ("among people", "nobody there")]
    if any(start.shape != (2,) for start in two):
        raise ValueError("a start is two numbers")
    return pd.DataFrame(two, columns=["x1", "x2"])


def _outside(answer) -> bool:
    rows = _rows(answer)
    return not bool(rows["x1"].between(-1, 2).all() and rows["x2"].between(-1, 1).all())


def _not_denied(answer) -> bool:
    return bool((_moons()[1].predict_proba(_rows(answer))[:, 1] > 0.5).any())


def _apart(answer) -> bool:
    one, other = _rows(answer).to_numpy()
    return bool(np.abs(one - other).max() > NEAR + 1e-9)


def _alone(answer) -> list[bool]:
    """Whether nobody lives where Wachter sends each of the two."""
    toy, _, wachter, unusual = _moons()
    found = wachter.recommend(_rows(answer))
    return (toy.density(found.best()) < unusual).tolist()


def _two_ends(answer) -> bool:
    fine = not (_outside(answer) or _not_denied(answer) or _apart(answer))
    return fine and _alone(answer) == [False, True]


EXERCISES = (
    Exercise(
        key="3.1",
        title="What will λ do?",
        solution=_effects,
        mistakes=(
            Mistake(
                "Whoever moves is accepted in the end.",
                lambda: {0.01: "accepted", 1.0: "accepted", 3.0: "accepted", 3.8: "stays"},
                "At rest the pull towards yes equals λ. Put λ = 3 into h = 1 − λ / 4: is that a yes?",
                lambda answer: answer[3.0] == "accepted",
            ),
            Mistake(
                "Only λ above the greatest weight keeps somebody at home.",
                lambda: _effects() | {3.8: "moves, denied"},
                "The pull is (1 − h) times the weight. How strong is it at home, where h is 0.1?",
                lambda answer: answer[3.8] == "moves, denied",
            ),
            Mistake(
                "A tiny λ means a tiny move.",
                lambda: _effects() | {0.01: "moves, denied"},
                "λ is the price of distance. If moving costs nearly nothing, how far do you go?",
                lambda answer: answer[0.01] != "accepted",
            ),
        ),
        hint="Compare λ with two pulls. One is (1 − h) · 4 at home, the other (1 − h) · 4 on the line.",
        takeaway="Between the two thresholds lies the trap: an answer that asks for something and "
        "gives nothing.",
    ),
    Exercise(
        key="3.2",
        title="The pencil, as a function",
        solution=_optimum,
        mistakes=(
            Mistake(
                "Everybody moves along w, straight across the line.",
                _every_feature,
                "That is the shortest way in L2. The cost is L1: which features move at all?",
            ),
            Mistake(
                "The optimum lies on the line.",
                _to_the_line,
                "You go to h = ½ whatever λ is. Where do pull and price balance?",
            ),
            Mistake(
                "Everybody moves as long as λ is below the weight.",
                _always_moves,
                "Try a λ just below the greatest weight: do people walk away from the line? "
                "Compare λ with the pull at home first.",
            ),
        ),
        hint="One feature moves, the heaviest. Set (1 − h)|w_m| equal to λ, and solve for z.",
        takeaway="Five lines replace a thousand steps, and tell you when the steps are wrong.",
        probes=LINEAR,
        fits=_rests,
    ),
    Exercise(
        key="3.3",
        title="One shell",
        solution=_shell,
        mistakes=(
            Mistake(
                "A Gaussian draw is already a direction.",
                _no_length,
                "Your points have any length. What makes a row of g a direction?",
            ),
            Mistake(
                "The radius starts from zero in every shell.",
                _whole_ball,
                "You fill the whole ball. Where does this shell begin?",
            ),
            Mistake(
                "One length serves for all rows.",
                _one_length,
                "Each row has a length of its own: look at the axis of the norm.",
            ),
        ),
        hint="Make each row of g of length one. Then the distance of a point from x is its draw u, stretched from the "
        "smaller radius to the larger.",
        takeaway="Values of h at such points are all that the search asks of the bank.",
        probes=DRAWN,
    ),
    Exercise(
        key="3.4",
        title="The determinant",
        solution=_determinants,
        mistakes=(
            Mistake(
                "Likeness is one minus the distance.",
                lambda: {"determinants": [0, 1, -3], "the port's favourite": "third"},
                "K_ij is 1 / (1 + distance), which is never negative. Write the two rows of K down again.",
                lambda answer: min(answer["determinants"]) < 0,
            ),
            Mistake(
                "The determinant is the likeness itself.",
                lambda: {"determinants": [1, 1 / 2, 1 / 4], "the port's favourite": "third"},
                "You gave the entry outside the diagonal. The determinant of two rows is "
                "diagonal product less the other one.",
                lambda answer: np.allclose(answer["determinants"], [1, 1 / 2, 1 / 4]),
            ),
            Mistake(
                "Adding the determinant asks for difference.",
                lambda: _determinants() | {"the port's favourite": "third"},
                "The determinants are right. What is minimized gets smaller: which pair makes the "
                "added number least?",
                lambda answer: str(answer["the port's favourite"]).strip().lower() != "first",
            ),
        ),
        names={
            "1": "first",
            "1st": "first",
            "2": "second",
            "2nd": "second",
            "3": "third",
            "3rd": "third",
        },
        hint="K has ones on its diagonal. Beside them stands 1 / (1 + distance).",
        takeaway="One wrong sign, and a method for variety looks for three copies of one answer.",
        tolerance=2e-3,
    ),
    Exercise(
        key="3.5",
        title="Two neighbours, two ends",
        solution=_two_starts,
        mistakes=(
            Mistake(
                "Far out of the table is where a search goes wrong.",
                lambda: {"among people": (0.2, 2.9), "nobody there": (0.2, 3.0)},
                "One of them lies outside the rectangle, where nobody asks. Stay inside.",
                _outside,
            ),
            Mistake(
                "An accepted person can be led astray too.",
                lambda: {"among people": (0.2, -0.4), "nobody there": (0.25, -0.4)},
                "The bank accepts one of them, who gets themselves back at no cost.",
                _not_denied,
            ),
            Mistake(
                "People who end in different places start in different places.",
                lambda: {"among people": (-0.5, 0.6), "nobody there": (0.2, 1.0)},
                "They are not near each other. Somewhere on the way between them the answer changes its kind: where?",
                _apart,
            ),
            Mistake(
                "Neighbours are led to neighbours.",
                lambda: {"among people": (-0.5, 0.6), "nobody there": (-0.5, 0.65)},
                "Both walks end in the same kind of place. Look for a start whose answer is of the other kind, "
                "however far away; then bring the two together.",
                lambda answer: len({*_alone(answer)}) == 1,
            ),
        ),
        hint="Take a start of each kind. Halve the way between them, and keep the half whose ends differ, until "
        "they are a tenth apart.",
        takeaway="The walk looks at slopes, and not at people. Where it crosses the line hangs on a step that "
        "nobody chose.",
        accepts=_two_ends,
    ),
)
