"""genre_lite: algorithmic recourse by sampling.

A bank denies an applicant; genre_lite learns, from the bank's own data, the distribution of
realistic, cheap ways to be accepted.

>>> import genre_lite as gl
>>> bank = gl.load_dataset("moons", n=300)
>>> bank.X_train.shape[1]
2
"""

from importlib import import_module

# Each name and the room it lives in. Rooms open when first asked for, so that importing is cheap.
# Editors and type checkers, which run nothing, read the same from __init__.pyi.
_ROOMS: dict[str, tuple[str, ...]] = {
    "feature": ("Feature",),
    "inference": (),
    "schema": ("Schema",),
    "codec": ("Codec",),
    "datasets": ("Dataset", "list_datasets", "load_dataset"),
    "relations": ("Relation",),
    "terms": ("Terms",),
    "limits": ("Limits",),
    "reading": ("read_csv",),
    "writing": ("Writing",),
    "decision": ("Classifier", "Decision", "train_classifier"),
    "worlds": ("GoldWorld", "gold_world"),
    "threads": (),
    "threefry": (),
    "objectives": ("cost",),
    "supervision": ("PairSampler",),
    "categorical": (),
    "model": ("ModelConfig", "RecourseTransformer"),
    "training": ("TrainingConfig",),
    "sampling": (),
    "outliers": (),
    "surrogate": (),
    "truth": (),
    "candidates": (),
    "refinement": (),
    "choice": (),
    "teaching": (),
    "wording": ("Wording",),
    "letters": (),
    "serialization": (),
    "recourses": ("Recourses",),
    "settings": (),
    "certificate": (),
    "estimator": (),
    "genre": ("GenRe",),
    "atomic": (),
    "storage": (),
    "saving": (),
    "closest_record": ("keep_apart",),
    "desk": (),
    "proposals": ("check",),
    "contract": ("check_recourse_method",),
    "baselines": (),
    "evaluation": ("evaluate",),
    "plotting": (),
    "exercises": (),
    "terminal": (),
    "cli": (),
    "errors": (
        "DataUnavailableError",
        "GenReError",
        "NotDifferentiableError",
        "NotFittedError",
        "SchemaError",
    ),
}
_HOME = {name: room for room, names in _ROOMS.items() for name in names}

__version__ = "0.1.0"
__all__ = sorted({*_HOME, *_ROOMS})


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(import_module(f".{_HOME[name]}", __name__), name)
    if name in _ROOMS:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
