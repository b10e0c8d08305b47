"""Curates training data and leaves proof.

``run`` makes a release from a configuration: the records that are kept, a ledger with a row for every input record,
and a signed manifest. ``verify`` checks one, ``ledger`` reads its rows, and ``judge`` gives the answers of a
configuration's per-record stages for Arrow data of any origin. What comes back as Arrow data has Arrow's PyCapsule
interface (``pyarrow.table(x)``, ``polars.DataFrame(x)``); neither of these packages is needed here.

Releases are those of the command line of the same version. What is logged goes to the logger ``probity``.
"""

from ._judge import Config, judge
from ._probity import Batch, Stream, __version__
from ._release import Outcome, Report, keygen, ledger, run, samples, verify
from .errors import (
    AssetError,
    BugError,
    BusyError,
    ConfigError,
    Error,
    InputError,
    LimitError,
    OutputError,
    ReleaseError,
    UnanswerableError,
)

__all__ = [
    "AssetError",
    "Batch",
    "BugError",
    "BusyError",
    "Config",
    "ConfigError",
    "Error",
    "InputError",
    "LimitError",
    "Outcome",
    "OutputError",
    "ReleaseError",
    "Report",
    "Stream",
    "UnanswerableError",
    "__version__",
    "judge",
    "keygen",
    "ledger",
    "run",
    "samples",
    "verify",
]
