"""Why a model folder is refused: one class a reason, each with a stable code and the mend."""

from __future__ import annotations

from receivables.errors import TieoutError

__all__ = [
    "BundleError",
    "BundleMissingError",
    "FileDamagedError",
    "FileMissingError",
    "FileTooLargeError",
    "FileUnexpectedError",
    "FileUnreadableError",
    "FormatUnknownError",
    "GoldenMismatchError",
    "SchemaMismatchError",
]


class BundleError(TieoutError):
    """The model folder cannot be used."""

    code = "bundle_invalid"
    mend = "Train the model again, or restore its folder from the registry."

    def __init__(self, detail: str) -> None:
        """Say what is wrong with which file; the class says the rest, and the mend."""
        super().__init__(f"{(type(self).__doc__ or '').strip()[:-1]}: {detail}.")


class BundleMissingError(BundleError):
    """There is no model folder here."""

    code = "bundle_missing"
    mend = "Give the folder that `tieout train` wrote."


class FormatUnknownError(BundleError):
    """The manifest is not one this version reads."""

    code = "bundle_format_unknown"
    mend = "Train with this version of Tieout, or install the version that wrote the folder."


class FileMissingError(BundleError):
    """The model folder is incomplete."""

    code = "bundle_file_missing"


class FileUnexpectedError(BundleError):
    """The model folder holds something that the manifest does not vouch for."""

    code = "bundle_file_unexpected"
    mend = "Take it out of the folder; a model is text and JSON, listed in MANIFEST.json, and nothing else."


class FileDamagedError(BundleError):
    """A file is not the one that was written."""

    code = "bundle_file_damaged"


class FileTooLargeError(BundleError):
    """A file is larger than a model may be."""

    code = "bundle_file_too_large"
    mend = "Train a smaller model; the limits stand in features/bundle.py."


class FileUnreadableError(BundleError):
    """A file has the right hash but cannot be understood."""

    code = "bundle_file_unreadable"


class SchemaMismatchError(BundleError):
    """The model was trained on other features than the folder says."""

    code = "bundle_schema_mismatch"


class GoldenMismatchError(BundleError):
    """The model does not repeat on this machine what it answered when it was trained."""

    code = "bundle_golden_mismatch"
    mend = "Train again with the LightGBM and numpy installed here, or install the versions in the manifest."
