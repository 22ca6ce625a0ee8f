"""The command line: one thin function a command, each iterating the same generators as the window."""

from __future__ import annotations

import sys

import typer

from curator import __version__
from curator.cli import auditing, comparing, curating, doctor, models, take_away, training, window
from curator.cli.output import complain
from curator.errors import CuratorError

# What typer ends with upon Ctrl+C: 128 and the number of SIGINT.
_INTERRUPTED = 130

app = typer.Typer(
    name="curator",
    help="From a raw folder of brain-MRI images to a clean dataset and a trained, reviewed classifier.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for _command in (
    window.open_window,
    window.demo,
    curating.propose,
    curating.export,
    training.train,
    training.evaluate,
    training.predict,
    comparing.compare,
    auditing.audit,
    take_away.export_model,
    models.models,
    doctor.doctor,
):
    app.command(name=_command.__name__.removesuffix("_window").replace("_", "-"))(_command)


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"curator {__version__}\n")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version and stop."
    ),
) -> None:
    pass


def run(arguments: list[str]) -> int:
    """Runs one command and returns its exit status: 0 done, 1 failed (one line on stderr), 2 wrong usage."""
    try:
        app(args=arguments, prog_name="curator")
    except SystemExit as ended:
        if ended.code == _INTERRUPTED:
            complain("Stopped. What was written before is whole.")
            return 1
        return ended.code if isinstance(ended.code, int) else 0
    except CuratorError as error:
        complain(str(error))
    except OSError as error:
        complain(_os_sentence(error))
    return 1


def _os_sentence(error: OSError) -> str:
    where = f" ({error.filename})" if error.filename else ""
    return f"{error.strerror or error}{where}: check the path, its permissions and the free disk space."
