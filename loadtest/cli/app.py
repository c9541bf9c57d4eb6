"""`liveclass loadtest`: its options. Light to import: other commands need nothing of the rest."""

import importlib.util
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from loadtest.cli.options import Options

NEEDED = ("av", "matplotlib", "numpy")
EXTRA = "pip install 'liveclass[loadtest]'"

_RUN = "What to run"
_SHAPE = "A scenario's own figures (else as its file says)"
_LIMITS = "Limits (one that breaks: exit status 1)"
_FIND = "How many does it hold"
_OUTPUT = "Output"


def _share(text: str) -> float:
    """0.001 or "0.1%"."""
    try:
        value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise typer.BadParameter(f'{text!r} is no share; write 0.001 or "0.1%"')
    return value


Url = Annotated[
    str, typer.Argument(help="The server, as https://live.example.com; not with --spawn.")
]
Spawn = Annotated[
    bool,
    typer.Option("--spawn", help="Start a server here on a core of its own.", rich_help_panel=_RUN),
]
Key = Annotated[
    str,
    typer.Option(
        "--class-key",
        envvar="LIVECLASS_CLASS_KEY",
        metavar="KEY",
        help="From `liveclass class-key` on the server; names the class.",
        rich_help_panel=_RUN,
        show_default=False,
    ),
]
MetricsToken = Annotated[
    str,
    typer.Option(
        "--metrics-token",
        envvar="LIVECLASS_METRICS_TOKEN",
        metavar="TOKEN",
        help="The server's LIVECLASS_METRICS_TOKEN, for its CPU and copies.",
        rich_help_panel=_RUN,
        show_default=False,
    ),
]
MetricsUrl = Annotated[
    str,
    typer.Option(
        "--metrics-url",
        metavar="URL",
        help="Where its metrics are, unless at /metrics: its LIVECLASS_METRICS_PORT by a tunnel.",
        rich_help_panel=_RUN,
        show_default=False,
    ),
]
ScenarioName = Annotated[
    str,
    typer.Option(
        "--scenario",
        "-s",
        metavar="NAME",
        help="class, gallery, seminar, storm, churn, flaky, soak, or a TOML file of your own.",
        rich_help_panel=_RUN,
    ),
]


def _number(
    name: str, text: str, unit: str, panel: str = _SHAPE, least: int = 0
) -> typer.models.OptionInfo:
    info: typer.models.OptionInfo = typer.Option(
        name, help=text, metavar=unit, min=least, rich_help_panel=panel, show_default=False
    )
    return info


Viewers = Annotated[int | None, _number("--viewers", "How many watch.", "N", _RUN, 1)]
Duration = Annotated[
    float | None, _number("--duration", "Measured for so long, after all are in.", "S", _RUN, 1)
]
JoinsPerS = Annotated[float | None, _number("--joins-per-s", "How fast viewers come.", "N")]
StormJoins = Annotated[
    int | None, _number("--storm-joins", "storm: how many come at once.", "N", least=1)
]
StormWithin = Annotated[float | None, _number("--storm-within", "storm: within that time.", "S")]
ChurnRate = Annotated[float | None, _number("--churn-rate", "churn: who come in a second.", "N")]
ChurnStay = Annotated[float | None, _number("--churn-stay", "churn: how long they stay.", "S")]
FlakyLoss = Annotated[
    float | None,
    typer.Option(
        "--flaky-loss",
        parser=_share,
        metavar="SHARE",
        rich_help_panel=_SHAPE,
        show_default=False,
        help="flaky: loss of the lossy quarter, each way.",
    ),
]
Turn = Annotated[float | None, _number("--turn", "seminar, gallery: how long one speaks.", "S")]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Any other key of the scenario, as settle=5 or group.viewer.max_height=360.",
        rich_help_panel=_SHAPE,
        show_default=False,
    ),
]
Processes = Annotated[
    int | None, _number("--processes", "Processes of bots; else one a free core.", "N", _RUN, 1)
]
Browsers = Annotated[
    int,
    typer.Option(
        "--browser", min=0, metavar="N", help="Real Chromium viewers beside.", rich_help_panel=_RUN
    ),
]
MaxLoss = Annotated[
    float | None,
    typer.Option(
        "--max-loss",
        parser=_share,
        metavar="SHARE",
        rich_help_panel=_LIMITS,
        show_default=False,
        help='Packets that never came, as 0.001 or "0.1%".',
    ),
]
MaxP99 = Annotated[float | None, _number("--max-p99", "Added latency, p99.", "MS", _LIMITS)]
MaxLateP99 = Annotated[
    float | None, _number("--max-late-p99", "The same of latecomers.", "MS", _LIMITS)
]
MaxJoinP95 = Annotated[float | None, _number("--max-join-p95", "Join, p95.", "MS", _LIMITS)]
MaxPacketP95 = Annotated[
    float | None, _number("--max-first-packet-p95", "First packet, p95.", "MS", _LIMITS)
]
MaxFailed = Annotated[
    int,
    typer.Option(
        "--max-failed",
        min=0,
        metavar="N",
        help="People not in, or fallen out.",
        rich_help_panel=_LIMITS,
    ),
]
MaxWithoutPicture = Annotated[
    int,
    typer.Option(
        "--max-without-picture",
        min=0,
        metavar="N",
        help="People who should have had a picture, and had none within 10 s.",
        rich_help_panel=_LIMITS,
    ),
]
MaxFreezes = Annotated[int | None, _number("--max-freezes", "Of all bots.", "N", _LIMITS)]
MaxCpu = Annotated[
    float | None,
    typer.Option(
        "--max-cpu",
        parser=_share,
        metavar="SHARE",
        rich_help_panel=_LIMITS,
        show_default=False,
        help="The server's, of one core.",
    ),
]
MaxStalls = Annotated[
    int | None, _number("--max-stalls", "Times its loop stood still over 10 ms.", "N", _LIMITS)
]
NoDrift = Annotated[
    bool,
    typer.Option("--no-drift", help="No figure may drift (for soaks).", rich_help_panel=_LIMITS),
]
FindLimit = Annotated[
    bool,
    typer.Option(
        "--find-limit",
        help="Raise the viewers until a limit breaks (unless told: loss 0.1 %, p99 25 ms).",
        rich_help_panel=_FIND,
    ),
]
Resolution = Annotated[
    int,
    typer.Option(
        "--resolution", min=1, metavar="N", help="To so many viewers.", rich_help_panel=_FIND
    ),
]
Most = Annotated[
    int, typer.Option("--most", min=1, metavar="N", help="Try no more.", rich_help_panel=_FIND)
]
JsonFile = Annotated[
    Path | None,
    typer.Option(
        "--json", metavar="FILE", help="Write all figures.", rich_help_panel=_OUTPUT, dir_okay=False
    ),
]
HtmlFile = Annotated[
    Path | None,
    typer.Option(
        "--html", metavar="FILE", help="Write a report.", rich_help_panel=_OUTPUT, dir_okay=False
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress.", rich_help_panel=_OUTPUT)]


STATUS = "Exit status: 0 all limits kept, 1 one broke, 2 could not run, 130 interrupted."


def loadtest(
    context: typer.Context,
    url: Url = "",
    spawn: Spawn = False,
    class_key: Key = "",
    metrics_token: MetricsToken = "",
    metrics_url: MetricsUrl = "",
    scenario: ScenarioName = "class",
    viewers: Viewers = None,
    duration: Duration = None,
    processes: Processes = None,
    browsers: Browsers = 0,
    joins_per_s: JoinsPerS = None,
    storm_joins: StormJoins = None,
    storm_within: StormWithin = None,
    churn_rate: ChurnRate = None,
    churn_stay: ChurnStay = None,
    flaky_loss: FlakyLoss = None,
    turn: Turn = None,
    set_keys: Set = None,
    max_loss: MaxLoss = None,
    max_p99: MaxP99 = None,
    max_late_p99: MaxLateP99 = None,
    max_join_p95: MaxJoinP95 = None,
    max_first_packet_p95: MaxPacketP95 = None,
    max_failed: MaxFailed = 0,
    max_without_picture: MaxWithoutPicture = 0,
    max_freezes: MaxFreezes = None,
    max_cpu: MaxCpu = None,
    max_stalls: MaxStalls = None,
    no_drift: NoDrift = False,
    find_limit: FindLimit = False,
    resolution: Resolution = 20,
    most: Most = 5_000,
    json_file: JsonFile = None,
    html_file: HtmlFile = None,
    quiet: Quiet = False,
) -> None:
    """Fill a class with bots and measure what they get."""
    _run(Options(**context.params))


def _run(options: Options) -> NoReturn:
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        fail(f"loadtest needs {', '.join(missing)}: {EXTRA}")
    from loadtest.cli.command import main

    raise typer.Exit(main(options))


def fail(message: str) -> NoReturn:
    """One line for whoever typed the command; exit status 2."""
    typer.echo(f"liveclass: {message}", err=True)
    raise typer.Exit(2)
