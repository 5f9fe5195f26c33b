"""What the public service runs exists here: commands, versions, extras; every action is pinned."""

import importlib.util
import re
import shutil
import subprocess
import tomllib
from importlib.metadata import entry_points
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import tasks

OURS = ("genre_lite", "benchmarks", "tasks")
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")


@pytest.fixture(scope="module")
def workflows(root):
    found = {path.name: path.read_text() for path in root.glob(".github/workflows/*.yml")}
    assert found.keys() == {"tests.yml", "book.yml", "release.yml", "weekly.yml"}
    return found


@pytest.fixture(scope="module")
def jobs(workflows):
    return {
        (name, job): told
        for name, text in workflows.items()
        for job, told in yaml.safe_load(text)["jobs"].items()
    }


@pytest.fixture(scope="module")
def lines(jobs):
    return [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]


@pytest.fixture(scope="module")
def project(root):
    return tomllib.loads((root / "pyproject.toml").read_text())["project"]


def test_every_action_is_pinned_and_says_its_version(workflows):
    for name, text in workflows.items():
        uses = re.findall(r"uses: (.+)", text)
        for used in uses:
            action, _, version = used.partition(" # ")
            assert PINNED.fullmatch(action), f"{name}: {used}"
            assert re.fullmatch(r"v\d+\.\d+\.\d+", version), f"{name}: {used}"


def test_an_action_has_one_version(workflows):
    pins = {used for text in workflows.values() for used in re.findall(r"uses: (\S+)", text)}
    assert len(pins) == len({used.partition("@")[0] for used in pins})


def test_permissions_are_named_and_least(workflows, jobs):
    for name, text in workflows.items():
        assert yaml.safe_load(text)["permissions"] == {"contents": "read"}, name
    more = {job: told["permissions"] for (_, job), told in jobs.items() if "permissions" in told}
    assert more == {
        "publish": {"pages": "write", "id-token": "write"},
        "pypi": {"id-token": "write"},
        "github": {"contents": "write"},
    }


def test_nobody_elses_code_runs_with_rights(jobs):
    """What may write checks nothing out; what checks out keeps no credentials."""
    for (name, job), told in jobs.items():
        for step in told["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert "permissions" not in told, (name, job)
                assert step["with"]["persist-credentials"] is False, (name, job)


def test_no_job_runs_for_ever(jobs):
    assert not [job for job, told in jobs.items() if not 0 < told["timeout-minutes"] <= 120]


def test_every_command_exists(root, lines):
    targets = set(re.findall(r"^([a-z]+):", (root / "Makefile").read_text(), flags=re.M))
    made = {name for line in lines for name in re.findall(r"\bmake (\w+)", line)}
    asked = {name for line in lines for name in re.findall(r"-m tasks (\w+)", line)}
    assert made and made <= targets
    assert asked and asked <= tasks.TASKS.keys()
    words = [line.split("#")[0].split() for block in lines for line in block.splitlines()]
    for line in words:
        modules = [b for a, b in pairwise(line) if a == "-m" and b.split(".")[0] in OURS]
        assert all(importlib.util.find_spec(module) for module in modules), line
        files = [word for word in line if word.startswith(("tests/", "benchmarks/", "book/"))]
        assert all((root / file.rstrip(";")).exists() for file in files), line
        programs = [Path(word).name for word in line if word.startswith(".venv/bin/")]
        known = {of.name for of in entry_points(group="console_scripts")} | {"python"}
        assert known.issuperset(programs), line
        if line[:1] == ["make"]:
            assert len(line) == 2 or all("=" in word for word in line[2:]), line


def test_every_job_that_is_waited_for_exists(jobs):
    for (name, _), told in jobs.items():
        for needed in [told["needs"]] if "needs" in told else []:
            assert (name, needed) in jobs


# What a workflow is for: left out, it would be green and useless.
DUTIES = {
    ("tests.yml", "package"): ["python -m tasks package"],
    ("tests.yml", "oldest"): ["--resolution lowest-direct", "python -m tasks package"],
    ("tests.yml", "repository"): ["make test", "make slow"],
    ("tests.yml", "without-make"): ["python -m tasks book", "python -m tasks test"],
    ("tests.yml", "graders"): ["-c constraints.txt", "graders", "tests/test_classroom.py"],
    ("tests.yml", "style"): ["python -m tasks style", "actionlint"],
    ("book.yml", "build"): ["make book", "google-chrome --version", "make pages"],
    ("release.yml", "build"): [
        '"$GITHUB_REF_NAME" = "v',
        "benchmarks.provenance --strict",
        "not yet released",
        "python -m tasks package",
        "make book",
        "make release",
    ],
    ("weekly.yml", "cold"): ["make book", "make test", "make slow", "linkcheck"],
}


def test_each_job_does_what_it_is_for(jobs):
    for job, duties in DUTIES.items():
        said = "\n".join(step.get("run", "") for step in jobs[job]["steps"])
        assert not [duty for duty in duties if duty not in said], job
    systems = {"ubuntu-latest", "macos-latest", "windows-latest"}
    assert {*jobs["tests.yml", "package"]["strategy"]["matrix"]["os"]} == systems
    assert jobs["release.yml", "pypi"]["needs"] == "build"
    used = [step.get("uses", "") for step in jobs["book.yml", "build"]["steps"]]
    assert [use for use in used if use.startswith("actions/upload-pages-artifact@")]


def test_torch_may_come_from_elsewhere_in_every_workflow(workflows):
    for name, text in workflows.items():
        assert yaml.safe_load(text)["env"] == {"TORCH_INDEX": "${{ vars.TORCH_INDEX }}"}, name


def test_a_guard_stops_its_job(lines, tmp_path):
    """The shell goes on after a line that begins with "!", so none may; a release with old words must fail."""
    assert not [line for block in lines for line in block.splitlines() if line.startswith("!")]
    (guard,) = [block for block in lines if "not yet released" in block]
    for name, text in {
        "CHANGELOG.md": "0.1, not yet released",
        "README.md": "",
        "book/install.md": "",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    said = [line for line in guard.splitlines() if "grep" in line]
    run = ["bash", "-e", "-c", "\n".join(said)]
    assert subprocess.run(run, cwd=tmp_path, capture_output=True).returncode == 1
    (tmp_path / "CHANGELOG.md").write_text("0.1, released")
    assert subprocess.run(run, cwd=tmp_path, capture_output=True).returncode == 0


def test_every_extra_exists(lines, project):
    extras = {
        name
        for line in lines
        for names in re.findall(r"\.\[([\w,]+)\]", line)
        for name in names.split(",")
    }
    assert extras and extras <= project["optional-dependencies"].keys()


def test_the_pythons_are_those_the_package_names(jobs, project):
    tried = jobs["tests.yml", "package"]["strategy"]["matrix"]["python"]
    named = [c.rpartition(" ")[2] for c in project["classifiers"] if "Python :: 3." in c]
    assert tried == named
    oldest = jobs["tests.yml", "oldest"]["steps"][1]["with"]["python-version"]
    assert project["requires-python"] == f">={oldest}"
    assert all(version in SpecifierSet(project["requires-python"]) for version in tried)


def test_the_conda_recipe_needs_what_the_package_needs(root, project):
    recipe = yaml.safe_load((root / ".github/conda/recipe.yaml").read_text())
    needs = [
        Requirement(entry)
        for entry in recipe["requirements"]["run"]
        if not entry.startswith("python ")
    ]
    ours = {
        ("pytorch" if r.name == "torch" else r.name): r.specifier
        for r in map(Requirement, project["dependencies"])
    }
    conda = {("matplotlib" if r.name == "matplotlib-base" else r.name): r.specifier for r in needs}
    assert conda == ours
    build = tomllib.loads((root / "pyproject.toml").read_text())["build-system"]["requires"]
    assert build == [need.replace(" ", "") for need in recipe["requirements"]["host"][2:]]
    scripts = [f"{name} = {place}" for name, place in project["scripts"].items()]
    assert recipe["build"]["python"]["entry_points"] == scripts
    assert all((root / file).exists() for file in recipe["about"]["license_file"])
    assert f"python {project['requires-python']}" in recipe["requirements"]["run"]


def test_the_workflows_are_sound(root):
    """By actionlint, where it is installed; the service's own run of the style installs it."""
    if shutil.which("actionlint") is None:
        pytest.skip("actionlint is not installed")
    said = subprocess.run(["actionlint"], cwd=root, capture_output=True, text=True)
    assert said.returncode == 0, said.stdout
