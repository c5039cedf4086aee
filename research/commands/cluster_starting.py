"""``python -m research cluster``: start the scheduler of a cluster, or workers for one.

A scheduler runs what anybody sends who reaches it, and so does a worker: without certificates neither is to be reached
from other machines.
"""

import argparse
import importlib
import sys
from pathlib import Path

from core.command_line import say
from core.errors import ConfigurationError
from core.settings_problem import shown
from research.executors.cluster_address import ClusterAddress, is_of_this_machine

PORT = 8786
_TLS = ("tls_ca_file", "tls_cert", "tls_key")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("part", metavar="PART", choices=("scheduler", "worker"), help="scheduler or worker")
    parser.add_argument("address", metavar="ADDRESS", nargs="?", help="of the scheduler, for workers: tcp://HOST:PORT, "
                        "or tls://HOST:PORT with certificates")  # fmt: skip
    parser.add_argument("--host", metavar="HOST", default="127.0.0.1",
                        help="the address that it listens at; others than those of this machine alone with "
                        "certificates (default: %(default)s)")  # fmt: skip
    parser.add_argument(
        "--port", metavar="PORT", type=int, default=PORT, help="of the scheduler (default: %(default)s)"
    )
    parser.add_argument("--processes", metavar="N", type=int, default=1, help="workers to start (default: %(default)s)")
    for name, what in zip(_TLS, ("authority's certificate", "certificate", "key"), strict=True):
        parser.add_argument(f"--{name.replace('_', '-')}", metavar="FILE", help=f"file of the {what}")


def run(asked: argparse.Namespace) -> int:
    """Start a part of a cluster, and stay with it."""
    given = _given(asked)
    try:
        module = importlib.import_module(f"distributed.cli.dask_{asked.part}")
    except ImportError as error:
        raise ConfigurationError(
            f"cluster: needs {error.name} — allowed: pip install -r requirements-cluster.lock"
        ) from None
    say(f"cluster {asked.part}: python -m distributed.cli.dask_{asked.part} {' '.join(given)}")
    sys.stdout.flush()
    try:
        code: int | None = module.main(given, standalone_mode=False)
    except (OSError, RuntimeError, ValueError) as error:
        raise _not_started(asked, error) from None
    return code or 0


def _not_started(asked: argparse.Namespace, error: BaseException) -> BaseException:
    """Return what is told of a part that the library could not start: what was below its own error."""
    while error.__cause__ is not None:
        error = error.__cause__
    if isinstance(error, KeyboardInterrupt):
        return error
    place = f"{asked.host}:{asked.port}" if asked.part == "scheduler" else asked.host
    return ConfigurationError(
        f"cluster {asked.part}: cannot start at {place}: {' '.join(str(error).split())} — allowed: a --host of this "
        "machine, a --port that nobody has (0 is any), and a certificate with its key, of the authority of the others"
    )


def _given(asked: argparse.Namespace) -> list[str]:
    """Return the arguments of the library's own command."""
    files = {name: getattr(asked, name) for name in _TLS}
    secured = all(files.values())
    if any(files.values()) and not secured:
        raise ConfigurationError("cluster: certificates — allowed: --tls-ca-file, --tls-cert and --tls-key together")
    for name, file in files.items():
        if file is not None and not Path(file).is_file():
            raise ConfigurationError(f"--{name.replace('_', '-')}: there is no file {shown(file)}")
    if not secured and not is_of_this_machine(asked.host):
        raise ConfigurationError(
            f"--host: {shown(asked.host)} can be reached from elsewhere, and whoever reaches a {asked.part} runs what "
            "he likes — allowed: 127.0.0.1, or --tls-ca-file, --tls-cert and --tls-key"
        )
    if not 0 <= asked.port < 65536:
        raise ConfigurationError(f"--port: {asked.port} — allowed: 0 (any) to 65535")
    if not 1 <= asked.processes <= 1024:
        raise ConfigurationError(f"--processes: {asked.processes} — allowed: 1 to 1024")
    common = [one for name, file in files.items() if file is not None for one in (f"--{name.replace('_', '-')}", file)]
    # Its pages are never asked for, but a port is open for them all the same: it stays on this machine.
    common += ["--host", asked.host, "--no-dashboard", "--dashboard-address", "127.0.0.1:0"]
    if asked.part == "scheduler":
        if asked.address is not None:
            raise ConfigurationError("cluster scheduler: takes no address — allowed: --host and --port")
        return [*common, "--port", str(asked.port), *(["--protocol", "tls"] if secured else [])]
    if asked.address is None:
        raise ConfigurationError("cluster worker: whose? — allowed: cluster worker tcp://HOST:PORT of the scheduler")
    address = ClusterAddress(asked.address)
    if address.is_secured is not secured:
        raise ConfigurationError(
            f"cluster {address.url}: "
            + ("needs certificates — allowed: --tls-ca-file, --tls-cert and --tls-key" if address.is_secured else
               f"would not use the certificates — allowed: tls://{address.url.removeprefix('tcp://')}")
        )  # fmt: skip
    return [address.url, *common, "--nworkers", str(asked.processes), "--nthreads", "1"]
