"""`footlights run APP SOURCE…`: every app is a command, and its options are made from its settings."""

import inspect
from pathlib import Path
from typing import Any

import click

from footlights.core.app import App
from footlights.core.errors import SettingsError
from footlights.engine.actions import kinds
from footlights.engine.registry import app_names, load_app
from footlights.wire.fields import Field, describe

EPILOG = """
\b
SOURCE is
  0, 1, /dev/video0            a camera
  clip.mp4, photo.jpg, folder  a file, or all pictures of a folder
  rtsp://…, https://…          a network camera, a video or HLS on the web
  rehearsal:x_arms             a puppet that needs no camera
  browser:NAME                 the camera of a phone or laptop, at the page's /camera
"""

SHARED: tuple[click.Parameter, ...] = (
    click.Argument(["sources"], nargs=-1, metavar="SOURCE…"),
    click.Option(["-s", "--source", "more"], multiple=True, metavar="SOURCE", help="Another source; may be repeated."),
    click.Option(["--config"], type=click.Path(path_type=Path), help="A footlights.yaml; options go before it."),
    click.Option(["--page"], type=click.IntRange(0, 65535), metavar="PORT", help="Port of the page.  [default: 8000]"),
    click.Option(["--no-page"], is_flag=True, help="No page."),
    click.Option(["--host"], help="Address the page listens on; beyond this machine it asks for a token."),
    click.Option(
        ["--tls"], nargs=2, type=click.Path(path_type=Path), metavar="CERTIFICATE KEY", help="Serve the page as https."
    ),
    click.Option(["--record"], type=click.Path(path_type=Path), help="Write the picture with overlays, as H.264 MP4."),
    click.Option(
        ["--save-pictures"],
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Save every still, and one picture a second.",
    ),
    click.Option(["--journal"], type=click.Path(path_type=Path), help="Append every event, one CloudEvent a line."),
    click.Option(
        ["--evidence"],
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Keep pictures of every anomaly, and a clip that begins before it.",
    ),
    click.Option(
        ["--unsure"],
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        help="Keep frames that the detector is unsure of; in a project of the studio: to learn from.",
    ),
    click.Option(
        ["--home-assistant"],
        metavar="mqtt://[USER:PASSWORD@]HOST[/NAME]",
        help="Appear in Home Assistant: cameras, counts, alerts, switches.",
    ),
    click.Option(["--stage"], metavar="URL", help="Answer the cues of this show with the gestures that are seen."),
    click.Option(
        ["--rtsp"], type=click.IntRange(1, 65535), metavar="PORT", help="Serve /wall and /NAME as RTSP there."
    ),
    click.Option(["--rtsp-password"], metavar="PASSWORD", help="What RTSP asks for; the user is footlights."),
    click.Option(["--publish"], multiple=True, metavar="rtsp://…", help="Send the wall to a media server."),
    click.Option(["--webrtc"], is_flag=True, help="Let browsers call the page for /wall and /NAME over WebRTC (WHEP)."),
    click.Option(["--wall"], metavar="ROWSxCOLUMNS", help="Tiles of the wall; without it, as many as streams need."),
    click.Option(["--record-wall"], type=click.Path(path_type=Path), help="Write the wall of all streams as a video."),
    click.Option(["--quiet-hours"], metavar="HH:MM-HH:MM", help="Hours of the day without actions."),
    click.Option(
        ["--action-cooldown"],
        type=click.FloatRange(0),
        metavar="SECONDS",
        help="Pause between two actions of one kind for one stream.",
    ),
    click.Option(["--decode"], metavar="DEVICE", help="cpu, auto, cuda, vaapi, videotoolbox or qsv.  [default: cpu]"),
    click.Option(["--seconds"], type=click.FloatRange(0, min_open=True), help="Stop after so much media time."),
    click.Option(["--loop"], is_flag=True, help="Begin files and folders again when they end."),
    click.Option(
        ["--realtime/--as-fast-as-possible", "realtime"],
        default=None,
        help="Pace of files.  [default: real time where only a page watches]",
    ),
    click.Option(["--on"], help="Kind of the events that set off actions.  [default: the app's own]"),
    click.Option(["--json", "as_json"], is_flag=True, help="Print every event as JSON on the standard output."),
    click.Option(["-q", "--quiet"], is_flag=True, help="Say nothing but warnings and errors."),
    click.Option(["-v", "--verbose"], is_flag=True, help="Say more, with tracebacks."),
)
TAKEN = {name for parameter in SHARED for name in (parameter.name, *parameter.opts) if name}


class Apps(click.Group):
    """The apps of the package, and any Python file that holds one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return app_names()

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        return app_command(cmd_name, load_app(cmd_name))


@click.group(name="run", cls=Apps, subcommand_metavar="APP [SOURCE…] [OPTIONS]", epilog=EPILOG)
def command() -> None:
    """Run an app on cameras, files, streams or the rehearsal.

    `footlights run APP --help` says what the app can do. An own app is given by its path: footlights run ./mine.py
    """


def app_command(name: str, app: type[App]) -> click.Command:
    """The command of one app, its options made from its settings and from the folder of actions.

    Raises:
        SettingsError: a setting of the app has the name of an option that every app has.
    """
    settings = {_parameter(field): field for field in describe(app.Settings)}
    actions = {flag.replace("-", "_"): kind for flag, kind in kinds().items()}
    for parameter, field in settings.items():
        if parameter in TAKEN or parameter in actions:
            raise SettingsError(f"the app {name} has a setting '{field.name}', a name that every app has already")

    def start(**given: Any) -> None:
        from footlights.cli.perform import perform

        chosen = {field.name: given.pop(parameter) for parameter, field in settings.items()}
        if app.first and not chosen[app.first] and not given["config"] and given["sources"]:
            chosen[app.first], *given["sources"] = given["sources"]
        wanted = {kind.flag: list(given.pop(parameter)) for parameter, kind in actions.items()}
        perform(
            name,
            app,
            settings={key: value for key, value in chosen.items() if value not in (None, ())},
            actions={flag: texts for flag, texts in wanted.items() if texts},
            **given,
        )

    options = [
        *SHARED,
        *(_setting_option(parameter, field) for parameter, field in settings.items()),
        *(
            click.Option([f"--{kind.flag}", parameter], multiple=True, metavar=kind.metavar, help=kind.help)
            for parameter, kind in actions.items()
        ),
    ]
    return click.Command(name, callback=start, params=options, help=_help(app), epilog=EPILOG, short_help=app.title)


def _help(app: type[App]) -> str:
    text = inspect.getdoc(app) or ""
    return text if text.startswith(app.title) else f"{app.title}\n\n{text}"


def _parameter(field: Field) -> str:
    return field.name.replace(".", "__")


def _setting_option(parameter: str, field: Field) -> click.Option:
    flag = field.name.replace("_", "-")
    default = f"  [default: {field.text()}]" if field.default not in (None, "", ()) else ""
    unit = f" ({field.unit})" if field.unit else ""
    text = f"{field.help}{unit}{default}"
    if field.type == "bool":
        return click.Option([f"--{flag}/--no-{flag}", parameter], default=None, help=text)
    one_of = field.choices and not field.type.startswith("list of")
    return click.Option(
        [f"--{flag}", parameter],
        multiple=field.type.startswith("list of"),
        default=None,
        type=click.Choice([str(choice) for choice in field.choices]) if one_of else str,
        metavar=None if one_of else field.type.removeprefix("list of ").upper(),
        help=text,
    )
