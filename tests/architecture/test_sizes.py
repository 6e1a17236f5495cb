"""How large things may be. Exceptions have names and reasons; the list only shrinks."""

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILE_LINES, TEST_FILE_LINES, FUNCTION_LINES, VIEW_LINES, POSITIONAL = 400, 500, 30, 25, 5
# The pure heart of the fold and the tests of the whole delivery table are each one readable module.
LONG_FUNCTIONS = {
    "apps/campaigns/facts.py:read": "the facts of the gate, one a line",
    "apps/campaigns/wire.py:read": "the fields of a campaign, one a line",
    "apps/desk/timeline.py:describe": "the fields of a timeline item, one a line",
    "apps/campaigns/selectors.py:campaign_page": "the fields of a page, one a line",
    "apps/insights/views.py:funnel": "the fields of a page, one a line",
}
FORBIDDEN_NAMES = {"utils", "helpers", "services", "managers", "signals", "common"}
FORBIDDEN_IN_TASKS = ("countdown=", "eta=", ".retry(", "chord(", "AsyncResult")


def files(*folders: str) -> Iterator[Path]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of the body without its docstring."""
    body = node.body
    if (
        isinstance(body[0], ast.Expr)
        and isinstance(body[0].value, ast.Constant)
        and isinstance(body[0].value.value, str)
    ):
        body = body[1:]
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_files():
    long = [f"{p.relative_to(ROOT)}" for p in files("apps", "config") if len(p.read_text().splitlines()) > FILE_LINES]
    long += [f"{p.relative_to(ROOT)}" for p in files("tests") if len(p.read_text().splitlines()) > TEST_FILE_LINES]
    assert long == []


def test_functions():
    long = []
    for path in files("apps", "config"):
        most = VIEW_LINES if path.stem in {"views", "views_public", "views_ingest", "api"} else FUNCTION_LINES
        for node in functions(path):
            name = f"{path.relative_to(ROOT)}:{node.name}"
            if length(node) > most and name not in LONG_FUNCTIONS:
                long.append(f"{name} has {length(node)} lines")
    assert long == []


def test_the_median_function_is_short():
    assert statistics.median(length(node) for path in files("apps") for node in functions(path)) <= 9


def test_positional_parameters():
    many = []
    for path in files("apps", "config"):
        for node in functions(path):
            names = [a.arg for a in node.args.posonlyargs + node.args.args if a.arg not in {"self", "cls"}]
            if len(names) > POSITIONAL:
                many.append(f"{path.relative_to(ROOT)}:{node.name}")
    assert many == []


def test_names_of_modules():
    assert [str(p) for p in files("apps", "config", "tests") if p.stem in FORBIDDEN_NAMES] == []


def test_no_first_party_import_inside_a_function():
    found = []
    for path in files("apps", "config"):
        for function in functions(path):
            if function.name == "ready":
                continue
            for node in ast.walk(function):
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("apps"):
                    found.append(f"{path.relative_to(ROOT)}:{function.name}")
    assert found == []


def test_time_lives_in_rows_not_in_the_broker():
    """No ETA, countdown, retry, chord or result anywhere; tasks are shells of at most ten lines."""
    for path in files("apps", "config"):
        text = path.read_text()
        assert not [word for word in FORBIDDEN_IN_TASKS if word in text], path
        if path.stem == "tasks":
            assert all(length(node) <= 10 for node in functions(path)), path
