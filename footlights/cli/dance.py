"""`footlights dance`: any song becomes a dance."""

from pathlib import Path
from typing import Any

import click

OUT = click.Path(dir_okay=False, path_type=Path)
EPILOG = """
\b
footlights dance song.mp3                               writes song-dance.mp4, with the music
footlights dance song.mp3 -o dance.mp4 --dancers 5 --aspect 9:16 --style house --energy 0.8
footlights dance song.mp3 --bvh dance.bvh --gltf dance.glb --json dance.json
footlights dance song.mp3 --live                        a page with a dancer that one can turn with the mouse
footlights dance --mic                                  dances to what the microphone of the page hears
footlights dance --phrase step_touch --live             watch one phrase of the library
footlights dance --list                                 styles and phrases
"""


@click.command(name="dance", epilog=EPILOG)
@click.argument("song", type=click.Path(path_type=Path), required=False)
@click.option("-o", "--out", type=OUT, metavar="MP4", help="The film, with the music.  [default: SONG-dance.mp4]")
@click.option("--style", help="A style of the library; without it, what suits the song.")
@click.option("--energy", type=click.FloatRange(0, 1), help="0 calm to 1 wild; without it, as the music.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Another number, another dance.")
@click.option("--model", type=click.Path(path_type=Path), metavar="ONNX", help="A learned model dances, not the plan.")
@click.option("--phrase", metavar="NAME", help="Only this phrase, a few times over.")
@click.option("--dancers", type=click.IntRange(1, 9), default=1, show_default=True, help="How many, at least.")
@click.option(
    "--together", type=click.Choice(["mixed", "unison", "mirrored", "canon"]), default="mixed", show_default=True,
    help="How several dance.",
)  # fmt: skip
@click.option("--look", "looks", metavar="NAME[,NAME…]", default="", help="Who dances.  [default: drawn by the seed]")
@click.option(
    "--lights", type=click.Choice(["club", "theatre", "ice", "sunset"]), default="club", show_default=True,
    help="Colours of the stage.",
)  # fmt: skip
@click.option("--aspect", type=click.Choice(["16:9", "9:16", "1:1"]), default="16:9", show_default=True)
@click.option("--height", type=click.IntRange(64, 2160), help="Pixels.  [default: 720, upright 1280, square 960]")
@click.option("--fps", type=click.FloatRange(1, 120), default=30.0, show_default=True, help="Frames a second.")
@click.option("--workers", type=click.IntRange(1, 8), help="Processes that draw.  [default: one a processor]")
@click.option("--preview", type=OUT, metavar="PNG", help="A sheet of stills.")
@click.option("--bvh", type=OUT, metavar="BVH", help="The motion for Blender, MotionBuilder and games.")
@click.option("--gltf", type=OUT, metavar="GLB", help="The dancers as an animated glTF file.")
@click.option("--json", "table", type=OUT, metavar="JSON", help="Joints, beats and phrases.")
@click.option("--live", is_flag=True, help="Dance on a page, with the music.")
@click.option("--mic", is_flag=True, help="Dance on a page to what its microphone hears.")
@click.option("--page", type=click.IntRange(0, 65535), default=8000, show_default=True, metavar="PORT")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address the page listens on.")
@click.option("--list", "listing", is_flag=True, help="Say which styles and phrases there are.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but warnings and errors.")
@click.option("-v", "--verbose", is_flag=True, help="Say more, with tracebacks.")
def command(listing: bool, quiet: bool, verbose: bool, **given: Any) -> None:
    """Let SONG become a dance: any audio file, or a video with music.

    It is heard (beats, bars, sections), a dance is planned over the library of phrases, performed, and shown.
    """
    from footlights.cli.console import set_up_logging

    set_up_logging(verbose=verbose, quiet=quiet)
    if listing:
        from footlights.cli.dancing import print_library

        print_library()
        return
    from footlights.cli.dancing import DanceWish, perform

    looks = tuple(name.strip() for name in given.pop("looks").split(",") if name.strip())
    given["dancers"] = max(given["dancers"], len(looks))
    perform(DanceWish(**given, looks=looks), quiet=quiet)
