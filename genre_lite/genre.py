"""GenRe: the estimator that ties the rooms together.

Fit: estimate the truth, synthesize pairs, train R_θ(x⁺ | x), distil the estimate. Recommend: sample
forward, then choose.
"""

from __future__ import annotations

import time
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
import torch

from . import storage
from .codec import Codec
from .decision import Classifier, Perceptron, SupportsProba, acceptance
from .errors import GenReError
from .estimator import RecourseMethod, positions
from .model import ModelConfig, RecourseTransformer
from .objectives import cost
from .recourses import Recourses
from .sampling import allowed_tokens, choose, draw, log_prob
from .schema import Schema
from .supervision import PairSampler
from .surrogate import Surrogate, Teacher
from .training import TrainingConfig, fit

__all__ = ["GenRe"]

FORMAT = "2"
SHIPPED = Path(__file__).parent / "models"
AT_ONCE = 5_000  # candidates decoded in one go; as many as a processor's cache can hold


@dataclass(frozen=True)
class Recipe:
    """How a recipe samples and chooses, and its pairs.

    ``tries`` is how often it draws for a person until h accepts a candidate, ``nearest`` K of the pairs.
    """

    candidates: int
    temperature: float
    tries: int
    rule: str
    nearest: int | None


RECIPES = {
    "estimated": Recipe(candidates=100, temperature=0.5, tries=4, rule="balanced", nearest=None),
    "paper": Recipe(candidates=10, temperature=0.1, tries=1, rule="safest", nearest=1000),
}


@dataclass(frozen=True)
class Draws:
    """What R_θ wrote for some people, k recourses each."""

    tokens: np.ndarray  # (people, k, d)
    points: np.ndarray  # in the unit cube, (people, k, d)
    cost: np.ndarray  # C(x, x⁺), (people, k)
    log_prob: np.ndarray  # log R_θ(x⁺ | x), (people, k)
    frame: pd.DataFrame  # in original units, people × k rows


class GenRe(RecourseMethod):
    """Recourse by sampling from one generative model of validity, proximity and plausibility.

    The model learns :math:`R_\\theta(x^+ \\mid x)` from pairs drawn from
    :math:`Q(x^+ \\mid x) \\propto e^{-\\lambda C(x, x^+)}` over accepted people :math:`D^+`
    (Garg et al., 2025, algorithm 1). Answers are values that occur in the training rows, and
    constraints hold by construction.

    Two recipes say who counts as accepted and how a candidate is chosen:

    * ``"estimated"`` (the default): :math:`D^+ = \\{t : h(t) > 1/2,\\ \\hat V(t) > \\gamma,
      \\hat P(t) > 1/2\\}`, where validity and plausibility are estimated from the training rows
      (:class:`~genre_lite.surrogate.Teacher`); the candidate with the best estimated Score wins.
    * ``"paper"``: :math:`D^+ = \\{t : h(t) > \\gamma,\\ y = 1\\}`, its 1,000 nearest for each source;
      the candidate that h likes best of ten wins.

    Parameters
    ----------
    h
        The bank's classifier: any object with ``predict_proba(DataFrame) -> (rows, 2)``.
    schema
        What the columns are and what may change.
    cost_weight
        λ, how strongly nearer targets are preferred; 5 in the paper.
    validity_margin
        γ, how surely a target must be accepted; 0.7 in the paper.
    recipe
        ``"estimated"`` or ``"paper"``.
    model, training
        The network's size, and how long to train it.
    device
        Where the network lives: ``"cpu"``, ``"cuda"``, ``"mps"``, or ``"auto"`` for the fastest.
    outcome
        What the favourable decision is called in answers.
    seed
        Of every random step.
    progress
        Show progress bars.

    Attributes
    ----------
    history_
        Losses of the fit: columns step, train_loss, valid_loss (nats a pair).
    report_
        Counts of the fit: rows, sources, targets, and sources that no constraint-keeping target
        can be reached from.

    Examples
    --------
    >>> import genre_lite as gl
    >>> bank = gl.load_dataset("moons", n=400)
    >>> h = gl.train_classifier(bank, progress=False)
    >>> quick = gl.TrainingConfig(steps=20, distil_steps=20)
    >>> genre = gl.GenRe(h, bank.schema, training=quick, progress=False)
    >>> denied = bank.X_test[h.predict_proba(bank.X_test)[:, 1] < 0.5]
    >>> answer = genre.fit(bank.X_train, bank.y_train).recommend(denied, n=2)
    >>> len(answer.frame) == 2 * len(denied)
    True
    """

    name = "GenRe"

    def __init__(
        self,
        h: SupportsProba,
        schema: Schema,
        *,
        cost_weight: float = 5.0,
        validity_margin: float = 0.7,
        recipe: str = "estimated",
        model: ModelConfig | None = None,
        training: TrainingConfig | None = None,
        device: str = "cpu",
        outcome: str = "the favourable decision",
        seed: int = 0,
        progress: bool = True,
    ) -> None:
        super().__init__(h, schema, outcome=outcome, seed=seed, progress=progress)
        if recipe not in RECIPES:
            raise GenReError(f"recipe is {recipe!r}; choose one of {list(RECIPES)}.")
        if not cost_weight >= 0:
            raise GenReError(f"cost_weight is {cost_weight}; it must be 0 or more.")
        if not 0 <= validity_margin < 1:
            raise GenReError(f"validity_margin is {validity_margin}; it must lie in [0, 1).")
        self.cost_weight = cost_weight
        self.validity_margin = validity_margin
        self.recipe = recipe
        self.model_config = model or ModelConfig()
        self.training_config = training or TrainingConfig()
        self.device = _device(device)
        self.surrogate: Surrogate | None = None

    # -- fit ------------------------------------------------------------------------------------

    def fit(
        self, X: pd.DataFrame, y: pd.Series | None = None, *, checkpoint: str | Path | None = None
    ) -> Self:
        """Estimate the truth, synthesize pairs, train, distil.

        Parameters
        ----------
        X
            Training rows, in original units.
        y
            0/1 labels, 1 = favourable; the classifier's decisions if left out.
        checkpoint
            A file to keep the state of training in, as it goes. Where it exists, an interrupted
            training goes on from there, and ends as if it had never stopped.

        Raises
        ------
        GenReError
            If the table breaks the schema, labels are not 0/1, nobody is accepted or denied, or the
            checkpoint is of another training.
        """
        return super().fit(X, y, checkpoint=checkpoint)

    def _fit(
        self,
        X: pd.DataFrame,
        labels: np.ndarray,
        score: np.ndarray,
        *,
        checkpoint: str | Path | None,
    ) -> None:
        cube = self.codec.cube(X)
        teacher = None
        if self.recipe == "paper":
            target = (score > self.validity_margin) & (labels == 1)
            source = score <= self.validity_margin
        else:
            design = self.codec.design(cube)
            teacher = Teacher().fit(design, labels, seed=self.seed, progress=self.progress)
            target = (score > 0.5) & (teacher.valid > self.validity_margin) & (teacher.usual > 0.5)
            source = score <= 0.5
        if not target.any():
            raise GenReError(
                f"None of the {len(X)} rows is surely accepted (validity_margin {self.validity_margin}), "
                "so there is nobody to learn from; lower validity_margin or give more rows."
            )
        pairs = PairSampler(
            self.codec,
            cube[source],
            cube[target],
            self.cost_weight,
            nearest=RECIPES[self.recipe].nearest,
        )
        self.report_ = {
            "rows": len(X),
            "sources": int(source.sum()),
            "targets": int(target.sum()),
            "unreachable": int((~pairs.reachable).sum()),
        }
        if not pairs.reachable.all():
            warnings.warn(
                f"{self.report_['unreachable']} of {self.report_['sources']} denied training rows have no "
                f"accepted row that the constraints let them reach; they are left out of training.",
                stacklevel=3,
            )
        self.model = self._network()
        self.model.start_at(self._frequency(cube[target]).to(self.device), self.cost_weight)
        self.history_ = fit(
            self.model,
            self.codec,
            pairs,
            self.training_config,
            seed=self.seed,
            progress=self.progress,
            checkpoint=None if checkpoint is None else Path(checkpoint),
        )
        if teacher is not None:
            self.surrogate = self._distil(teacher, X[source][pairs.reachable])

    def _network(self) -> RecourseTransformer:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            grid = [torch.as_tensor(np.array(g)) for g in self.codec.grid]
            model = RecourseTransformer(
                grid, torch.as_tensor(self.codec.nominal), self.model_config
            )
        return model.to(self.device)

    def _frequency(self, targets: np.ndarray) -> torch.Tensor:
        """How common each token is among the targets, (d, v); one imagined row spread evenly."""
        tokens, size = self.codec.tokens(targets), self.model.v
        rows = []
        for j, grid in enumerate(self.codec.grid):
            count = np.bincount(tokens[:, j], minlength=size) + 1 / len(grid)
            rows.append(count / count.sum())
        return torch.as_tensor(np.stack(rows), dtype=torch.float32)

    def _distil(self, teacher: Teacher, sources: pd.DataFrame) -> Surrogate:
        """Teach the surrogate where it will be asked: to choose among the model's own draws."""
        chance = np.random.default_rng(self.seed)
        some = sources.iloc[chance.permutation(len(sources))[:1500]]
        k, seed = 60, self.seed
        drawn = self._draws(some, k, temperature=1.0, seed=seed)
        design = self.codec.design(drawn.points.reshape(len(drawn.frame), -1))
        answers = teacher.answers(design)
        denied = (acceptance(self.h, drawn.frame) <= 0.5).reshape(len(some), k)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            surrogate = self._surrogate(design.shape[1])
        return surrogate.learn(
            design.reshape(len(some), k, -1),
            drawn.tokens,
            answers.reshape(len(some), k, 2),
            drawn.cost / self.model.d + 10 * denied,
            seed=seed,
            steps=self.training_config.distil_steps,
            progress=self.progress,
        )

    def _surrogate(self, inputs: int) -> Surrogate:
        return Surrogate(inputs, self.model.sizes).to(self.device)

    # -- sample and choose ----------------------------------------------------------------------

    def recommend(
        self,
        people: pd.DataFrame,
        n: int = 1,
        *,
        rule: str | None = None,
        margin: float = 0.5,
        candidates: int | None = None,
        temperature: float | None = None,
        seed: int | None = None,
        extra: str = "error",
    ) -> Recourses:
        """The best n options for each person: sample forward, then choose.

        Parameters
        ----------
        people
            One row a person, in original units.
        n
            Options a person.
        rule
            ``"balanced"`` (best estimated Score), ``"cheapest"``, ``"likeliest"`` or ``"safest"``;
            see :func:`~genre_lite.sampling.choose`. The recipe's own if left out.
        margin
            Every option has h(x⁺) above this; never below 1/2.
        candidates, temperature
            How many recourses to draw for each person, and how boldly; the recipe's own if left out.
            Where h accepts none of them, the default recipe draws up to three times more, each
            time twice as boldly.
        seed
            Of the draws; the model's own if left out.
        extra
            ``"ignore"`` to leave out columns that the schema does not know.
        """
        recipe = RECIPES[self.recipe]
        k = recipe.candidates if candidates is None else candidates
        return super().recommend(
            people,
            n,
            extra=extra,
            rule=rule or recipe.rule,
            margin=margin,
            candidates=max(k, n),
            temperature=recipe.temperature if temperature is None else temperature,
            seed=seed,
        )

    def _options(
        self,
        denied: pd.DataFrame,
        n: int,
        *,
        rule: str,
        margin: float,
        candidates: int,
        temperature: float,
        seed: int | None,
    ) -> tuple[pd.DataFrame, np.ndarray]:
        found, log_prob, left = [], [], np.arange(len(denied))
        for attempt in range(RECIPES[self.recipe].tries):
            # Whoever got nothing is asked again, and more boldly.
            drawn = self._draws(
                denied.iloc[left], candidates, temperature=temperature * 2**attempt, seed=seed
            )
            best = self._best(drawn, n, rule=rule, margin=margin)
            person, option = np.nonzero(best >= 0)
            row = person * candidates + best[person, option]
            found.append(drawn.frame.iloc[row].set_axis(positions(left[person], option)))
            log_prob.append(drawn.log_prob.ravel()[row])
            left = left[best[:, 0] < 0]
            if not len(left):
                break
        return pd.concat(found), np.concatenate(log_prob)

    def _best(self, drawn: Draws, n: int, *, rule: str, margin: float) -> np.ndarray:
        """The numbers of each person's n best draws, (people, n); −1 where no more was found."""
        believed, shape = None, drawn.cost.shape
        if self.surrogate is not None:
            design = self.codec.design(drawn.points.reshape(len(drawn.frame), -1))
            believed = self.surrogate.answers(design, drawn.tokens.reshape(len(design), -1))
            believed = believed.reshape(*shape, 2)
        return choose(
            drawn.tokens,
            drawn.cost,
            acceptance(self.h, drawn.frame).reshape(shape),
            drawn.log_prob,
            n,
            rule=rule,
            margin=margin,
            believed=believed,
        )

    def sample(
        self,
        people: pd.DataFrame,
        n: int = 10,
        *,
        temperature: float = 1.0,
        seed: int | None = None,
    ) -> Recourses:
        """n draws of R_θ(· | x) for each person, as they come: neither filtered nor sorted."""
        self._require_fit()
        people = self.schema.validate(people)
        start = time.perf_counter()
        drawn = self._draws(people, n, temperature=temperature, seed=seed)
        where = positions(np.repeat(np.arange(len(people)), n), np.tile(np.arange(n), len(people)))
        nobody = pd.Series(False, index=people.index)
        seconds = time.perf_counter() - start
        options, log_prob = drawn.frame.set_axis(where), drawn.log_prob.ravel()
        return self._answer(people, nobody, options, log_prob, n, seconds)

    def log_prob(self, people: pd.DataFrame, options: pd.DataFrame) -> pd.Series:
        """log R_θ(x⁺ | x) of given options, in nats; minus infinity where one breaks a constraint.

        Equation: :eq:`autoregressive-chain`.

        Parameters
        ----------
        people
            One row a person.
        options
            Index (person, option), or person alone; a row of NaN gets NaN.
        """
        self._require_fit()
        people = self.schema.validate(people)
        answer = pd.Series(np.nan, index=options.index, name="log_prob")
        given = options.notna().any(axis=1)
        if not given.any():
            return answer
        labels = options.index[given].get_level_values(0)
        strangers = labels.difference(people.index)
        if len(strangers):
            raise GenReError(
                f"Option for person {strangers[0]!r}, who is not among the people given."
            )
        after = self.schema.validate(options[given].reset_index(drop=True))
        before = people.loc[labels]
        x, own, allowed = self._tensors(before)
        tokens = torch.as_tensor(self.codec.tokens(self.codec.cube(after)), device=self.device)
        nats = log_prob(self.model, x, own, tokens, allowed).cpu().numpy()
        # Two values may share a token, and the way between them may still be forbidden.
        broken = self.schema.violations(before.reset_index(drop=True), after).any(axis=1)
        answer[given] = np.where(broken, -np.inf, nats)
        return answer

    def _tensors(self, people: pd.DataFrame) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """People in the cube, their tokens, and the tokens allowed to them."""
        cube = self.codec.cube(people)
        own = self.codec.tokens(cube)
        return self._on_device(cube, own, allowed_tokens(self.codec, own))

    def _on_device(self, cube: np.ndarray, *parts: np.ndarray) -> tuple[torch.Tensor, ...]:
        values = torch.as_tensor(cube, dtype=torch.float32)
        return tuple(p.to(self.device) for p in (values, *map(torch.as_tensor, parts)))

    def _draws(
        self, people: pd.DataFrame, k: int, *, temperature: float, seed: int | None
    ) -> Draws:
        """k draws a person."""
        if k < 1:
            raise GenReError(f"{k} draws a person were asked for; ask for at least one.")
        if not temperature >= 1e-6:
            raise GenReError(f"temperature is {temperature}; it must be above 0, at least 1e-6.")
        generator = torch.Generator().manual_seed(self.seed if seed is None else seed)
        cube = self.codec.cube(people)
        own = self.codec.tokens(cube)
        read = self._on_device(cube, own, allowed_tokens(self.codec, own))
        parts = zip(*(t.split(max(1, AT_ONCE // k)) for t in read), strict=True)
        drawn = [
            draw(self.model, *part, k, temperature=temperature, generator=generator)
            for part in parts
        ]
        tokens, log_prob = (torch.cat(pieces).cpu().numpy() for pieces in zip(*drawn, strict=True))
        each = np.repeat(np.arange(len(people)), k)
        flat, factual = tokens.reshape(len(each), -1), people.iloc[each].reset_index(drop=True)
        points = self.codec.points(flat, cube[each]).reshape(tokens.shape)
        return Draws(
            tokens,
            points,
            cost(cube[:, None], points, self.codec.nominal),
            log_prob,
            self.codec.frame(flat, factual, own[each]),
        )

    # -- save and load --------------------------------------------------------------------------

    def save(self, path: str | Path, *, half: bool = False) -> None:
        """Write the fitted model to one file: tensors as safetensors, all else as JSON inside it.

        The package's own classifier travels along; any other has to be given to :meth:`load`.

        Parameters
        ----------
        half
            Write weights with half the digits: half the size. Where two options are nearly as good,
            the loaded model may then choose the other. The classifier keeps all its digits, for no
            decision may change.
        """
        self._require_fit()

        def state(module: torch.nn.Module) -> dict[str, torch.Tensor]:
            # What was not learnt, such as the values of the vocabularies, stays exact.
            return {
                name: tensor.half() if half and tensor.requires_grad else tensor
                for name, tensor in module.state_dict(keep_vars=True).items()
            }

        parts = {"model": state(self.model)}
        if self.surrogate is not None:
            parts["surrogate"] = state(self.surrogate)
        about = {
            "format": FORMAT,
            "codec": self.codec.to_dict(),
            "cost_weight": self.cost_weight,
            "validity_margin": self.validity_margin,
            "recipe": self.recipe,
            "model": asdict(self.model_config),
            "training": asdict(self.training_config),
            "outcome": self.outcome,
            "seed": self.seed,
            "report": self.report_,
            "history": self.history_.to_dict("list"),
        }
        if isinstance(self.h, Classifier) and isinstance(self.h.module, Perceptron):
            parts["classifier"] = self.h.module.state_dict()
            about["classifier"] = self.h.codec.to_dict()
        storage.write(Path(path), storage.joined(parts), about)

    @classmethod
    def load(
        cls,
        path: str | Path,
        classifier: SupportsProba | None = None,
        *,
        schema: Schema | None = None,
        device: str = "cpu",
        progress: bool = True,
    ) -> Self:
        """Read what :meth:`save` wrote, or a model that comes with the package.

        Parameters
        ----------
        path
            A file; or ``"adult"``, ``"compas"`` or ``"german"``, if no file has that very name.
        classifier
            The h that the model was fitted to; needed unless it is the package's own.
        schema
            If given, it must be the saved one; a difference is an error.

        Raises
        ------
        GenReError
            If the file is missing, cut short, or of another version, or the schema differs.

        Examples
        --------
        >>> import genre_lite as gl
        >>> genre = gl.GenRe.load("german")
        >>> people = gl.load_dataset("german").X_test.head(3)
        >>> genre.recommend(people, n=2).frame.shape
        (6, 20)
        """
        tensors, about = storage.read(_locate(Path(path)))
        if about.get("format") != FORMAT:
            raise GenReError(
                f"{path} has format {about.get('format')!r}, this version reads {FORMAT!r}; "
                "fit and save the model with this version."
            )
        codec = Codec.from_dict(about["codec"])
        if schema is not None:
            _require_same(codec.schema, schema, path)
        if classifier is None:
            if "classifier" not in about:
                raise GenReError(
                    f"{path} was fitted to a classifier of your own; give it: "
                    "GenRe.load(path, classifier=h)."
                )
            known = Codec.from_dict(about["classifier"])
            weights = storage.part(tensors, "classifier")
            module = Perceptron(weights["0.weight"].shape[1])
            module.load_state_dict(weights)
            classifier = Classifier(known, module.eval())
        genre = cls(
            classifier,
            codec.schema,
            cost_weight=about["cost_weight"],
            validity_margin=about["validity_margin"],
            recipe=about["recipe"],
            model=ModelConfig(**about["model"]),
            training=TrainingConfig(**about["training"]),
            outcome=about["outcome"],
            device=device,
            seed=about["seed"],
            progress=progress,
        )
        genre.codec = codec
        genre.report_ = about["report"]
        genre.history_ = pd.DataFrame(about["history"])
        genre.model = genre._network().eval()
        genre.model.load_state_dict(storage.part(tensors, "model"))
        weights = storage.part(tensors, "surrogate")
        if weights:
            genre.surrogate = genre._surrogate(weights["smooth.weight"].shape[1] // 7).eval()
            genre.surrogate.load_state_dict(weights)
        return genre


def _device(name: str) -> torch.device:
    if name == "auto":
        name = (
            "cuda"
            if torch.cuda.is_available()
            else "mps"
            if torch.backends.mps.is_available()
            else "cpu"
        )
    there = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    kind = name.split(":")[0]
    if not there.get(kind, False):
        raise GenReError(
            f"device is {name!r}; this machine has {[k for k, has in there.items() if has]}, "
            "and 'auto' takes the fastest."
        )
    return torch.device(name)


def _locate(path: Path) -> Path:
    """The path itself, or where the package keeps the model of that bare name."""
    if path.is_file() or path.parent != Path() or path.suffix:
        return path
    shipped = sorted(file.stem for file in SHIPPED.glob("*.genre"))
    if path.name not in shipped:
        raise GenReError(
            f"There is no file {path}, and the package brings no model of that name; "
            f"it brings {', '.join(shipped)}. Name one of them, or a file that GenRe.save wrote."
        )
    return SHIPPED / f"{path.name}.genre"


def _require_same(saved: Schema, given: Schema, path: str | Path) -> None:
    if saved.names != given.names:
        raise GenReError(
            f"{path} was fitted to the columns {saved.names}, your schema has {given.names}; "
            "give the same columns in the same order, or fit anew."
        )
    for a, b in zip(saved, given, strict=True):
        if a != b:
            raise GenReError(
                f"Feature {a.name!r} differs: {path} was fitted to {a}, your schema says {b}; "
                "use the saved schema, or fit anew."
            )
