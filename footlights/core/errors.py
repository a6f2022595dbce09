"""Every error that footlights raises on purpose, as one tree. The branch says what the reader should do.

FootlightsError
    SettingsError       correct the configuration: an unknown key, a value out of range, an unknown app
        WiringError     correct the pipeline: an app needs what no stage gives
    SourceError         look at the camera, the file or the address; a live source is tried again by itself
        SourceEmptyError     the source opened, and holds no picture
    SinkError           look at the place that is written to: disk, address, rights
    ModelError          get the model again, or another one
        ModelMissingError    not in the cache: `footlights models pull`
        ModelCorruptError    the file is not the one that the card describes
    InstallError        install something; the message holds the line to type
    ShapeError          report a bug: an array does not have the shape that it claims

Every message says what was wrong, with the value, and what would be right.
"""


class FootlightsError(Exception):
    """Base of every error that this package raises on purpose."""

    exit_code = 1


class SettingsError(FootlightsError, ValueError):
    """A setting, a name or a combination of them is not valid."""

    exit_code = 2


class WiringError(SettingsError):
    """A stage or an app needs something that no stage gives."""


class SourceError(FootlightsError):
    """A source cannot be opened or stopped giving pictures."""

    exit_code = 3


class SourceEmptyError(SourceError):
    """A source was opened but holds no picture."""


class SinkError(FootlightsError):
    """Something cannot be written: disk full, no such folder, address refused."""

    exit_code = 4


class ModelError(FootlightsError):
    """A model cannot be used."""

    exit_code = 5


class ModelMissingError(ModelError):
    """A model is not in the cache and could not be fetched."""


class ModelCorruptError(ModelError):
    """A model file differs from what its card says."""


class InstallError(FootlightsError):
    """An optional part is not installed."""

    exit_code = 6


class ShapeError(FootlightsError, ValueError):
    """An array does not have the shape that it claims: a bug."""
