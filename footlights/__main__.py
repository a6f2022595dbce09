"""`python -m footlights` is the command `footlights`."""

from footlights.cli.main import main

main()
