"""What deploy/ and the docs say exists: variables, commands with their options, queues, files."""

import configparser
import re
import shlex
from pathlib import Path

import pytest
import yaml
from celery.bin.beat import beat
from celery.bin.worker import worker
from granian.cli import cli as granian

from apps.core import wake
from apps.core.management.commands import up
from config.celery import app

ROOT = Path(__file__).resolve().parents[2]
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
COMPOSE = yaml.safe_load((ROOT / "deploy" / "docker-compose.yml").read_text())
RUNS = ["web", "live", "worker", "beat"]
QUEUES = "pipeline,run,deliver,jobs"


def variables() -> set[str]:
    settings = (ROOT / "config" / "settings.py").read_text()
    binaries = (ROOT / "apps" / "core" / "embedded" / "binaries.py").read_text()
    return {*re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', settings), *re.findall(r'_SETTING = "([A-Z_]+)"', binaries)}


def test_each_variable_is_documented_and_no_other():
    known = variables()
    assert len(known) > 15
    example = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    documented = set(re.findall(r"`([A-Z][A-Z_]+)`(?=[^|]*\|[^|]*\|[^|]*\|$)",
                                (ROOT / "docs" / "environment.md").read_text(), re.MULTILINE))  # fmt: skip
    assert example == known
    assert documented == known


def unit(path: Path) -> dict[str, str]:
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str
    parser.read(path)
    return dict(parser["Service"])


def command_of_unit(name: str) -> list[str]:
    return shlex.split(unit(ROOT / "deploy" / "systemd" / f"milepost-{name}.service")["ExecStart"].replace("%%", "%"))


def command_of_container(name: str) -> list[str]:
    return shlex.split(COMPOSE["services"][name]["command"])


def check(command: list[str]) -> dict[str, object]:
    """The options as the program itself reads them; it refuses those it does not know."""
    program, *arguments = command
    if Path(program).name == "granian":
        return granian.make_context("granian", arguments).params
    assert Path(program).name == "celery"
    assert arguments[:2] == ["-A", "config"]
    # Options are read without starting anything.
    context = {"worker": worker, "beat": beat}[arguments[2]].make_context(
        arguments[2], arguments[3:], resilient_parsing=True
    )
    assert not context.args, context.args
    return context.params


@pytest.mark.parametrize(
    ("unit_name", "name"), [("web", "web"), ("live", "live"), ("worker@", "worker"), ("beat", "beat")]
)
def test_commands_exist_with_their_options_and_are_the_same_everywhere(unit_name, name):
    by_unit, by_container = check(command_of_unit(unit_name)), check(command_of_container(name))
    for option in ("interface", "workers", "blocking_threads", "pool_cls", "concurrency", "queues", "app"):
        assert by_unit.get(option) == by_container.get(option), option


def test_what_the_readme_says_runs_too():
    commands = re.findall(r"\| `((?:granian|celery) [^`]+)` \|", (ROOT / "README.md").read_text())
    assert len(commands) == 4
    for command, name in zip(commands, RUNS, strict=True):
        said, contained = check(shlex.split(command)), check(command_of_container(name))
        for option in ("interface", "pool_cls", "concurrency", "queues", "app"):
            assert said.get(option) == contained.get(option), (name, option)


def test_workers_take_every_queue():
    taken = set(QUEUES.split(","))
    assert QUEUES in shlex.join(up._worker(1))
    assert QUEUES in shlex.join(command_of_container("worker"))
    assert {queue for _task, queue in wake.TASKS.values()} <= taken
    assert {entry["options"]["queue"] for entry in app.conf.beat_schedule.values()} <= taken


def test_each_tick_names_a_task():
    app.loader.import_default_modules()
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= set(app.tasks)


def test_processes_get_the_time_they_need_to_stop():
    for path in UNITS:
        if unit(path).get("Type") != "oneshot":
            assert int(unit(path)["TimeoutStopSec"]) >= 25, path.name
    for name in RUNS:
        assert int(COMPOSE["services"][name]["stop_grace_period"].removesuffix("s")) >= 25, name


def test_units_are_hardened_and_run_as_nobody_in_particular():
    for path in UNITS:
        given = unit(path)
        assert given["User"] == "milepost"
        assert (given["NoNewPrivileges"], given["ProtectSystem"], given["ProtectHome"]) == ("yes", "strict", "yes")


def test_the_compose_file_names_every_process_and_no_registry():
    services = COMPOSE["services"]
    assert set(services) == {"migrate", "web", "live", "worker", "beat", "postgres", "valkey"}
    for service in services.values():
        assert not re.match(r"[^/]+\.[^/]+/", service["image"])
    environment = set(services["web"]["environment"])
    assert environment <= variables()
    for name in RUNS:
        assert all(port.startswith("127.0.0.1:") for port in services[name].get("ports", []))


def test_the_image_holds_what_the_product_needs():
    copied = re.findall(r"^COPY (\w[\w.]*) ", (ROOT / "deploy" / "Dockerfile").read_text(), re.MULTILINE)
    assert set(copied) == {"requirements.lock", "manage.py", "config", "apps", "templates", "static"}
    assert all((ROOT / name).exists() for name in copied)


@pytest.mark.parametrize("name", ["Caddyfile", "nginx.conf"])
def test_the_proxy_passes_streams_on_as_they_come_and_hides_metrics(name):
    text = (ROOT / "deploy" / name).read_text()
    assert "/metrics" in text
    assert "/live/" in text
    assert "flush_interval -1" in text or "proxy_buffering off" in text
    assert re.search(r"210 ?m", text, re.IGNORECASE)
    assert "/data/import/" in text
