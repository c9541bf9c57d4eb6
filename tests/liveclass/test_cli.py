"""The commands as people run them."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from typer.testing import CliRunner

from common.roles import Role
from liveclass import cli, doctor
from liveclass.config import Settings
from liveclass.doctor import examine
from sfu.io.buffers import Buffers
from signalling.auth.class_key import KeyId, derive, parse_class_key
from signalling.auth.tokens import verify

SECRET = "a secret for the command line tests"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> CliRunner:
    monkeypatch.setenv("LIVECLASS_SECRET", SECRET)
    monkeypatch.setenv("LIVECLASS_VAR_DIR", str(tmp_path))
    return CliRunner()


def test_token_is_for_the_person_named(run: CliRunner) -> None:
    arguments = ["token", "--class", "maths", "--role", "teacher", "--name", "Asha"]
    result = run.invoke(cli.app, arguments)
    identity = verify(result.stdout.strip(), SECRET, now=0)
    assert (identity.name, identity.role, identity.class_id) == ("Asha", Role.TEACHER, "maths")


def test_two_tokens_are_two_people_unless_the_user_is_named(run: CliRunner) -> None:
    def user(*arguments: str) -> str:
        printed = run.invoke(cli.app, ["token", *arguments]).stdout.strip()
        return verify(printed, SECRET, now=0).user_id

    assert user() != user()
    assert user("--user", "ravi") == user("--user", "ravi") == "ravi"


def test_link_opens_the_page_of_the_class(run: CliRunner) -> None:
    link = run.invoke(cli.app, ["token", "--class", "maths", "--url"]).stdout
    assert re.fullmatch(r"http://127\.0\.0\.1:8080/class/maths\?t=[\w.-]+\n", link)


def test_class_key_opens_its_class_until_it_expires(run: CliRunner) -> None:
    printed = run.invoke(cli.app, ["class-key", "--class", "maths", "--hours", "3"]).stdout
    key = parse_class_key(printed)
    assert key == derive(SECRET, KeyId("maths", key.id.expires))
    assert 3 * 3600 - 60 < key.id.expires - time.time() <= 3 * 3600


@pytest.mark.parametrize("arguments", [["--class", "a/b"], ["--class", ""], ["--hours", "0"]])
def test_class_key_that_would_open_nothing_is_not_printed(
    run: CliRunner, arguments: list[str]
) -> None:
    result = run.invoke(cli.app, ["class-key", *arguments])
    assert result.exit_code == 2
    assert result.stdout == ""


@pytest.mark.parametrize(
    "arguments", [["--role", "king"], ["--class", "a/b"], ["--name", ""], ["--hours", "-1"]]
)
def test_token_that_would_not_be_accepted_is_not_printed(
    run: CliRunner, arguments: list[str]
) -> None:
    result = run.invoke(cli.app, ["token", *arguments])
    assert result.exit_code == 2
    assert result.stdout == ""


def test_wrong_setting_is_one_line(run: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVECLASS_HTTP_PORT", "x")
    result = run.invoke(cli.app, ["serve"])
    assert result.exit_code == 2
    assert result.stderr.startswith("liveclass: LIVECLASS_HTTP_PORT: ")
    assert result.stderr.count("\n") == 1


def test_doctor_says_what_is_missing_and_what_to_do(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        settings = Settings(
            http_port=0,
            udp_host="127.0.0.1",
            udp_port=port,
            var_dir=tmp_path,
            static_dir=tmp_path,
            vendor_dir=tmp_path,
        )
        advice = {finding.name: finding.advice for finding in examine(settings)}
    assert "LIVECLASS_UDP_PORT" in advice["UDP port"]
    assert "LIVECLASS_STATIC_DIR" in advice["Pages"]
    assert "make setup" in advice["Browser modules"]
    well = ("Python", "aiortc", "Encryption", "DTLS", "HTTP port", "Secret", "Media address")
    assert {name: advice[name] for name in well} == dict.fromkeys(well, "")


def test_doctor_says_who_may_read_metrics_and_which_names_open_pages(tmp_path: Path) -> None:
    def found(name: str, **settings: object) -> doctor.Finding:
        made = Settings.model_validate({"var_dir": tmp_path, **settings})
        return next(finding for finding in examine(made) if finding.name.startswith(name))

    assert found("Metrics").detail.startswith("closed")
    assert not found("Metrics").advice
    assert found("Metrics", metrics_token="t").detail == "with LIVECLASS_METRICS_TOKEN"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert "LIVECLASS_METRICS_PORT" in found("METRICS port", metrics_port=port).advice
    assert not found("Host names").advice
    everywhere = found("Host names", http_host="0.0.0.0")
    assert "LIVECLASS_PUBLIC_URL" in everywhere.advice
    assert not everywhere.needed
    named = found("Host names", http_host="0.0.0.0", public_url="https://class.example")
    assert (named.detail, named.advice) == ("class.example, localhost", "")


def test_doctor_names_small_buffers_but_classes_can_be_held(
    run: CliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = doctor.Finding("UDP buffers", str(Buffers(1, 1)), Buffers(1, 1).advice(), needed=False)
    monkeypatch.setattr(doctor, "examine", lambda settings: [small])
    result = run.invoke(cli.app, ["doctor"], env={"COLUMNS": "200"})
    assert "sysctl -w net.core.rmem_max=8388608" in result.stdout
    assert result.exit_code == 0


def test_doctor_reads_back_what_a_socket_is_granted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "size_buffers", lambda probe: Buffers(212_992, 8_388_608))
    [found] = [f for f in examine(Settings(var_dir=tmp_path)) if f.name == "UDP buffers"]
    assert found.detail == "receive 208 KiB, send 8192 KiB"
    assert found.advice == "Run `sysctl -w net.core.rmem_max=8388608`."


@pytest.mark.interop
def test_server_prints_links_serves_and_stops_when_told(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "LIVECLASS_HTTP_PORT": "0",
        "LIVECLASS_UDP_PORT": "0",
        "LIVECLASS_VAR_DIR": str(tmp_path),
    }
    command = [sys.executable, "-m", "liveclass.cli", "serve"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        links = {}
        for line in process.stdout:
            if match := re.match(r"(Teacher|Student) (http\S+)", line):
                links[match[1]] = match[2]
            if len(links) == 2:
                break
        base_url = links["Teacher"].partition("/class/")[0]
        with urllib.request.urlopen(f"{base_url}/healthz", timeout=10) as response:
            assert response.status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    secret = (tmp_path / "secret").read_text()
    roles = {
        word: verify(link.partition("?t=")[2], secret, now=0).role for word, link in links.items()
    }
    assert roles == {"Teacher": Role.TEACHER, "Student": Role.STUDENT}
