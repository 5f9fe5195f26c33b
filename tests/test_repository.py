"""The repository keeps its promises: two commands, names that agree, one address, clean files."""

from __future__ import annotations

import ast
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import genre_lite
import tasks

ADDRESS = re.compile(
    r"(?:github\.com|mybinder\.org/v2/gh|colab\.research\.google\.com/github)/([\w.-]+/[\w.-]+)"
)
ADDRESSED = (
    "_config.yml",
    "README.md",
    "CITATION.cff",
    "pyproject.toml",
    ".github/conda/recipe.yaml",
)
COMMANDS = (
    "book",
    "pages",
    "pdf",
    "test",
    "slow",
    "check",
    "diff",
    "lab",
    "classroom",
    "bench",
    "peers",
    "models",
    "release",
    "address",
    "clean",
)


@pytest.fixture(scope="module")
def project(root):
    return tomllib.loads((root / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def config(root):
    return yaml.safe_load((root / "_config.yml").read_text())


@pytest.fixture(scope="module")
def sources(root):
    """Every text file that is, or would be, committed, but for what others wrote."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
    )
    if listed.returncode:
        pytest.skip("the folder is not a git repository, so which files belong to it is not known")
    texts = {}
    for name in filter(None, listed.stdout.split("\0")):
        path = root / name
        if (
            path.is_file()
            and "fonts" not in path.parts
            and path.suffix not in (".gz", ".png", ".genre")
        ):
            texts[name] = path.read_text(encoding="utf-8")
    return texts


def requirements(lines):
    return {requirement.name: requirement for requirement in map(Requirement, lines)}


def make(root, *arguments):
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    # A make that runs these tests must not pass its own settings on.
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        ["make", *arguments], cwd=root, capture_output=True, text=True, check=True, env=clean
    ).stdout


# -- names that agree ---------------------------------------------------------------------------


def test_binder_installs_what_the_package_needs(root, project):
    environment = yaml.safe_load((root / "environment.yml").read_text())
    names = {re.split(r"[=<>]", entry)[0] for entry in environment["dependencies"]}
    extras = project["project"]["optional-dependencies"]
    needed = requirements(project["project"]["dependencies"] + extras["notebook"]).keys()
    assert names - {"python", "pip"} == needed - {"torch"} | {"pytorch"}
    assert "pytorch=*=cpu*" in environment["dependencies"]


def test_binder_runs_a_python_that_the_package_supports(root, project):
    environment = yaml.safe_load((root / "environment.yml").read_text())
    (python,) = (e for e in environment["dependencies"] if e.startswith("python="))
    version = python.removeprefix("python=")
    assert version in Requirement(f"python{project['project']['requires-python']}").specifier


def test_binder_dry_run_accepts_the_files(root):
    pytest.importorskip("repo2docker", reason="jupyter-repo2docker is not installed")
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug", "."]
    run = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr[-2000:]
    dockerfile = run.stdout + run.stderr
    assert "environment.yml" in dockerfile
    assert "postBuild" in dockerfile


@pytest.mark.skipif(os.name == "nt", reason="Binder is a Linux, and its `start` a script of bash")
def test_binder_computes_on_the_core_it_lends(root):
    def threads(**more):
        mine = {k: v for k, v in os.environ.items() if k != "OMP_NUM_THREADS"} | more
        shown = [root / "start", "printenv", "OMP_NUM_THREADS"]
        return subprocess.run(shown, capture_output=True, text=True, check=True, env=mine).stdout

    assert threads() == "1\n"
    assert threads(OMP_NUM_THREADS="2") == "2\n"


def test_every_package_that_the_code_imports_is_declared(root, project):
    imported = set()
    for path in root.glob("genre_lite/**/*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                imported.add(node.module.split(".")[0])
    imported = {"scikit-learn" if name == "sklearn" else name for name in imported}
    declared = requirements(project["project"]["dependencies"]).keys()
    assert imported - set(sys.stdlib_module_names) - {"genre_lite"} <= declared


def test_the_tests_of_an_archive_need_no_more_than_the_extra_for_tests(root, project):
    """A release is tested where the book's packages are not installed."""
    about = project["project"]
    ahead = [*map(Requirement, about["dependencies"] + about["optional-dependencies"]["test"])]
    there = set()
    while ahead:
        need = ahead.pop()
        name = canonicalize_name(need.name)
        if name in there or (need.marker and not need.marker.evaluate({"extra": ""})):
            continue
        there.add(name)
        for wanted in map(Requirement, requires(name) or ()):
            asked = [{"extra": extra} for extra in ("", *need.extras)]
            if not wanted.marker or any(map(wanted.marker.evaluate, asked)):
                wanted.marker = None  # it holds
                ahead.append(wanted)
    ours = {path.stem for path in root.glob("tests/*.py")} | {"genre_lite"}
    homes = packages_distributions()
    for path in root.glob("tests/*.py"):
        names = []
        for node in ast.parse(path.read_text("utf-8")).body:
            names += [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
        tops = {name.split(".")[0] for name in names} - sys.stdlib_module_names - ours
        if not tops & {"benchmarks", "book", "tasks"}:  # what needs them stays out there
            for top in tops:
                assert there & {*map(canonicalize_name, homes[top])}, f"{path.name} imports {top}"


def test_constraints_pin_torch_alone_and_within_its_range(root, project):
    lines = (root / "constraints.txt").read_text().splitlines()
    pins = requirements(line for line in lines if not line.startswith("#"))
    assert pins.keys() == {"torch"}
    (pin,) = pins["torch"].specifier
    assert pin.operator == "=="
    assert pin.version in requirements(project["project"]["dependencies"])["torch"].specifier


def test_version_is_the_same_everywhere(root, project):
    version = genre_lite.__version__
    assert project["project"]["dynamic"] == ["version", "readme"]
    assert project["tool"]["hatch"]["version"]["path"] == "genre_lite/__init__.py"
    citation = yaml.safe_load((root / "CITATION.cff").read_text())
    assert citation["version"] == citation["preferred-citation"]["version"] == version
    recipe = yaml.safe_load((root / ".github/conda/recipe.yaml").read_text())
    assert recipe["context"]["version"] == version
    assert f"\n## {version}" in (root / "CHANGELOG.md").read_text()


def test_the_page_of_the_package_leads_into_the_repository(root, project):
    """A relative link leads nowhere there; what the build puts in its place exists here."""
    text = (root / "README.md").read_text("utf-8")
    hook = project["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]
    for rule in hook["substitutions"]:
        text = re.sub(rule["pattern"], rule["replacement"], text)
    targets = re.findall(r"\]\(([^)]+)\)", text)
    assert all(target.startswith(("https://", "#")) for target in targets)
    address = project["project"]["urls"]["Source"]
    raw = address.replace("//github.com", "//raw.githubusercontent.com") + "/main/"
    ours = [
        target.removeprefix(start).partition("#")[0]
        for start in (f"{address}/blob/main/", raw)
        for target in targets
        if target.startswith(start)
    ]
    assert len(ours) > 10 and all((root / path).exists() for path in ours)


def test_the_wheel_takes_the_tables_along(root, project):
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["packages"] == ["genre_lite"]
    tables = [path for pattern in wheel["artifacts"] for path in root.glob(pattern)]
    assert tables, f"nothing matches {wheel['artifacts']}"
    assert sum(path.stat().st_size for path in tables) < 4 * 2**20


# -- the commands -------------------------------------------------------------------------------


def test_readme_starts_with_the_two_commands(root):
    lines = (root / "README.md").read_text().splitlines()
    assert [line for line in lines if line.startswith("make ")][:2] == ["make book", "make test"]


def test_make_help_lists_every_command(root):
    listed = re.findall(r"^  make (\w+)", make(root, "help"), flags=re.M)
    assert sorted(listed) == sorted((*COMMANDS, "help"))


@pytest.mark.parametrize("name", ["Makefile", "tasks.py", "CONTRIBUTING.md", "README.md"])
def test_a_task_that_is_named_is_there(root, name):
    text = (root / name).read_text()
    asked = set(re.findall(r"-m tasks ([a-z]+)", text))
    assert asked <= tasks.TASKS.keys()
    if name == "tasks.py":
        assert asked == tasks.TASKS.keys(), "its head lists them all"


def test_each_test_runs_in_the_gate_once(root, tmp_path, monkeypatch):
    monkeypatch.setattr(tasks, "ROOT", tmp_path)
    (tmp_path / "_build/html").mkdir(parents=True)
    (tmp_path / "_build/html/index.html").touch()
    asked = (tasks.test, tasks.slow, tasks.pages)
    (most,), (rest,), (built,) = (called(monkeypatch, task) for task in asked)
    assert most.endswith("-m not slow and not built")
    assert rest.endswith("-m slow and not built tests") and built.endswith("-m built tests")
    gate = (root / ".ci/run").read_text()
    assert all(command in gate for command in ("make test", "make slow", "make pages"))


def test_what_is_listed_as_slow_is_there(root):
    for nodeid in (root / "tests/slow.txt").read_text("utf-8").splitlines():
        file, *_, test = nodeid.split("[")[0].split("::")
        assert f"def {test}(" in (root / file).read_text("utf-8"), nodeid


def test_a_run_that_measures_lists_what_took_long(root, tmp_path):
    """And marks it from then on, in one process and in two."""
    guard = (root / "tests/conftest.py").read_text("utf-8")
    assert "SECONDS = 1\n" in guard
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/conftest.py").write_text(guard.replace("SECONDS = 1\n", "SECONDS = 0.5\n"))
    (tmp_path / "tests/slow.txt").write_text("tests/test_a.py::test_gone\n")
    (tmp_path / "tests/test_a.py").write_text(
        "import time, pytest\n\n\n@pytest.mark.parametrize('s', [0, 1])\n"
        "def test_a(s):\n    time.sleep(s)\n"
    )
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\nmarkers = ['slow']\n")

    def ran(*options, **more):
        call = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
        bare = {
            k: v
            for k, v in os.environ.items()
            if k not in ("PYTEST_XDIST_WORKER", "GENRE_LITE_MEASURE")
        }
        done = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, env=bare | more)
        return done.stdout

    ran("-n", "2", "tests", GENRE_LITE_MEASURE="1")
    assert (tmp_path / "tests/slow.txt").read_text() == "tests/test_a.py::test_a[1]\n"
    assert "1 passed, 1 deselected" in ran("-m", "not slow", "tests")
    assert (tmp_path / "tests/slow.txt").read_text() == "tests/test_a.py::test_a[1]\n"


@pytest.mark.parametrize("index", ["", "https://example.org/cpu"])
def test_another_index_serves_torch_alone_and_only_if_asked(monkeypatch, tmp_path, index):
    monkeypatch.setenv("TORCH_INDEX", index)
    installs = called(
        monkeypatch, lambda: tasks.fill(tmp_path / "new", "torch", "-e", ".[book,test]")
    )[1:]
    assert len(installs) == 2 and (tmp_path / "new/ready").exists()
    assert all("-c constraints.txt" in line for line in installs)
    assert " torch" in installs[0] and " -e .[book,test]" in installs[1]
    assert ("--index-url" in installs[0]) == bool(index)
    assert "--index-url" not in installs[1]


def called(monkeypatch, task):
    """What a task would have run, a line each."""
    lines = []

    def instead(command, **_):
        lines.append(" ".join(map(str, command)))
        if "venv" in command:
            Path(command[-1]).mkdir(parents=True)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(tasks.subprocess, "run", instead)
    task()
    return lines


def test_the_environment_is_made_anew_only_when_it_must_hold_something_else(monkeypatch, tmp_path):
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).touch()
    monkeypatch.setattr(tasks, "ROOT", tmp_path)
    monkeypatch.setattr(tasks, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(tasks, "PYTHON", tmp_path / ".venv/bin/python")
    assert len(called(monkeypatch, tasks.environment)) == 3
    assert called(monkeypatch, tasks.environment) == []
    later = (tmp_path / ".venv/ready").stat().st_mtime + 5
    os.utime(tmp_path / "pyproject.toml", (later, later))
    assert len(called(monkeypatch, tasks.environment)) == 3


def test_one_chapter_can_be_built_alone(monkeypatch, root, tmp_path):
    asked = []
    monkeypatch.setattr(tasks, "run", lambda *command, **_: asked.append(command))
    monkeypatch.setattr(tasks, "ROOT", tmp_path)
    shutil.copytree(root / "notebooks", tmp_path / "notebooks")
    tasks.book("2b")
    ((program, _, _, _, toc, *_),) = asked
    contents = yaml.safe_load(toc.read_text())
    assert program == "jupyter-book" and contents["root"] == "notebooks/02b_one_number"
    assert all((root / f"{page['file']}.md").exists() for page in contents["chapters"])
    with pytest.raises(SystemExit, match=r"No chapter is '77'.*07_supervision"):
        tasks.book("77")


def test_a_release_asks_the_results_and_the_address_first(monkeypatch, root, tmp_path):
    """Neither a stale result nor an address that leads elsewhere lets anything be built."""
    done = []

    def run(*command, **_):
        if command[0] == "benchmarks.provenance" and stale:
            sys.exit(1)
        done.append(command[0])

    def answers(url, timeout):
        if missing:
            raise OSError("HTTP Error 404: Not Found")
        assert url.startswith(
            yaml.safe_load((root / "_config.yml").read_text())["repository"]["url"]
        )
        return io.BytesIO()

    monkeypatch.setattr(tasks, "run", run)
    monkeypatch.setattr(tasks, "ROOT", tmp_path)
    monkeypatch.setattr(tasks.urllib.request, "urlopen", answers)
    shutil.copy(root / "_config.yml", tmp_path)
    stale, missing = True, False
    with pytest.raises(SystemExit):
        tasks.release()
    assert done == []
    stale, missing = False, True
    with pytest.raises(SystemExit, match=r"404(.|\n)*make address"):
        tasks.release()
    assert done == ["benchmarks.provenance"]
    missing = False
    done.clear()
    tasks.release()
    assert done == ["benchmarks.provenance", "build", "twine"]


def test_a_relative_data_folder_reaches_the_tests_as_an_absolute_one(root, tmp_path):
    shutil.copy(root / "Makefile", tmp_path)
    (tmp_path / "my data").mkdir()
    (tmp_path / "show.mk").write_text("include Makefile\nshow: ; @echo $$GENRE_LITE_DATA\n")
    said = make(tmp_path, "-f", "show.mk", "show", "GENRE_LITE_DATA=my data")
    assert Path(said.strip()).samefile(tmp_path / "my data")


def test_what_a_visitor_fills_in_can_be_read(root):
    forms = sorted((root / ".github/ISSUE_TEMPLATE").glob("*.yml"))
    assert [form.stem for form in forms] == ["bug", "data_card", "number", "sentence", "teaching"]
    for form in forms:
        told = yaml.safe_load(form.read_text())
        assert told["name"] and told["description"] and told["body"], form
    assert yaml.safe_load((root / ".github/dependabot.yml").read_text())["updates"]
    for name in ("SECURITY", "SUPPORT", "CODE_OF_CONDUCT", "pull_request_template"):
        assert (root / f".github/{name}.md").read_text().strip()
    deposit = json.loads((root / ".zenodo.json").read_text())
    assert deposit["upload_type"] == "software" and deposit["license"] == "MIT"


def test_the_readme_shows_the_desk_and_says_what_others_do_better(root):
    readme = (root / "README.md").read_text()
    (picture,) = re.findall(r"!\[[^\]]+\]\((assets/desk\.png)\)", readme)
    assert (root / picture).stat().st_size > 20_000
    assert "(book/how_it_compares.md)" in readme


def test_scripts_can_be_run(root):
    for name in (".ci/run", "postBuild", "start"):
        assert os.access(root / name, os.X_OK), name
        subprocess.run(["bash", "-n", root / name], check=True)


def test_what_reviewers_ask_for_has_a_place_that_exists(root):
    text = (root / "paper/checklists.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("| ") and "Asked for" not in line]
    places = re.findall(r"\]\(([^)]+)\)", text)
    assert len(rows) > 25 and len(places) > 40
    assert not [place for place in places if not (root / "paper" / place).exists()]
    assert not [row for row in rows if row.endswith("| |")]


def test_the_paper_cites_what_the_bibliography_has(root):
    cited = set(re.findall(r"@(\w+)", (root / "paper/paper.md").read_text()))
    known = set(re.findall(r"^@\w+\{(\w+)", (root / "book/references.bib").read_text(), flags=re.M))
    assert cited and cited <= known


def test_readme_example_uses_names_that_exist(root):
    examples = re.findall(r"```python\n(.*?)```", (root / "README.md").read_text(), flags=re.S)
    used = {
        node.attr
        for example in examples
        for node in ast.walk(ast.parse(example))
        if isinstance(node, ast.Attribute) and getattr(node.value, "id", None) == "gl"
    }
    assert used
    assert not [name for name in used if not hasattr(genre_lite, name)]


# -- the address --------------------------------------------------------------------------------


def test_the_address_agrees_wherever_it_stands(root, config):
    slug = config["repository"]["url"].removeprefix("https://github.com/")
    for name in ADDRESSED:
        found = ADDRESS.findall((root / name).read_text())
        assert found, f"{name} has no address"
        assert set(found) <= {slug, "OWNER/NAME"}, name


def test_no_other_file_repeats_the_address(sources, config):
    slug = config["repository"]["url"].removeprefix("https://github.com/")
    named = {name for name, text in sources.items() if f"/{slug}" in text}
    assert named == {*ADDRESSED, *(name for name in sources if name.endswith(".ipynb"))}
    site = slug.replace("/", ".github.io/")
    assert {name for name, text in sources.items() if site in text} == {
        "README.md",
        "_config.yml",
        "pyproject.toml",
    }


def test_make_address_changes_every_place(root, tmp_path):
    for folder in ("notebooks", ".github/conda"):
        (tmp_path / folder).mkdir(parents=True)
    chapter = "notebooks/01_denied_what_now.ipynb"  # whose first cell brings the book to Colab
    for name in (*ADDRESSED, "Makefile", chapter):
        shutil.copy(root / name, tmp_path / name)
    make(tmp_path, "address", "URL=https://github.com/some-one/a.book/")
    for name in (*ADDRESSED, chapter):
        text = (tmp_path / name).read_text()
        assert set(ADDRESS.findall(text)) <= {"some-one/a.book", "OWNER/NAME"}, name
        assert text.count("\n") == (root / name).read_text().count("\n")
    published = re.findall(
        r"([\w.-]+)\.github\.io/([\w.-]+)", (tmp_path / "_config.yml").read_text()
    )
    assert {"/".join(site) for site in published} == {"some-one/a.book"}
    install = (tmp_path / "README.md").read_text().split("## Install the package alone")[1]
    cloned = re.search(r"git clone \S+ (\S+)\n", install)
    assert f"pip install ./{cloned[1]}\n" in install, "whatever the repository is called"


# -- clean files --------------------------------------------------------------------------------


def test_notebooks_are_stripped(sources):
    for name, text in sources.items():
        if name.endswith(".ipynb"):
            code = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
            assert not any(cell["outputs"] or cell["execution_count"] for cell in code), name


def test_no_file_names_a_path_of_one_machine(root, sources):
    pattern = re.compile(rf"(?<![\w.~-])/(?:home|Users|root|work)/\w|{re.escape(str(root))}")
    assert not [name for name, text in sources.items() if pattern.search(text)]


def test_one_rule_says_who_is_denied(root):
    """A probability of exactly one half is a no everywhere: no page and no chapter says `< 0.5` of people."""
    pages = [*root.glob("notebooks/*.ipynb"), *root.glob("book/**/*.md"), root / "README.md"]
    off = [
        path.name
        for path in pages
        if "[:, 1] < 0.5]" in path.read_text() or "[yes < 0.5]" in path.read_text()
    ]
    assert not off


@pytest.fixture
def asked(monkeypatch):
    """What a task would run."""
    said = []
    monkeypatch.setattr(tasks, "run", lambda *command, **_: said.append([str(c) for c in command]))
    return said


def test_half_a_chapter_is_checked_too(asked):
    tasks.check("2b")
    assert asked[-1][-2].endswith("02b_one_number.ipynb")
    assert asked[-1][-1].endswith("test_chapter_02.py")
    assert not any(command[0] == "mypy" for command in asked)


@pytest.mark.parametrize(
    ("what", "last", "typed"),
    [
        ("codec", "test_codec.py", True),
        ("recommend", "test_cli.py", True),  # a part of a package
        ("estimator", "test_contract.py", True),  # no test has its name
        ("unread", "test_unread.py", False),  # no module has its name
        ("intro", "test_bibliography.py", False),  # a page: what reads all pages
        ("genre_in_ten_minutes", "test_bibliography.py", False),
    ],
)
def test_a_module_a_test_or_a_page_is_checked_by_its_name(asked, what, last, typed):
    tasks.check(what)
    assert any(part.endswith(last) for part in asked[-1]), asked[-1]
    assert any(command[0] == "mypy" for command in asked) is typed


def test_a_name_that_nothing_has_is_told():
    with pytest.raises(SystemExit, match="no module, test or page 'nowhere'"):
        tasks.check("nowhere")
