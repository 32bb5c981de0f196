"""Who does the work: joblib's own processes or threads, or a Dask or Ray cluster.

joblib, Dask and Ray are imported where they are used, after `check`: only a sweep needs them.
"""

import contextlib
import importlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

BACKENDS = ("loky", "threading", "multiprocessing", "dask", "ray")
PACKAGES = {"dask": ("dask", "distributed"), "ray": ("ray",)}  # besides joblib and tqdm
IN_BLOCKS = ("multiprocessing", "ray")  # joblib gives no result of these before the last one is there


def check(backend: str, jobs: int | None) -> int:
    """How many workers there will be, by default one per core. ValueError for an unknown `backend`, for less than one
    job, and for a package that is not installed."""
    if backend not in BACKENDS:
        raise ValueError(f"backend is {backend!r}; use one of {', '.join(BACKENDS)}")
    packages = ("joblib", "tqdm", *PACKAGES.get(backend, ()))
    try:
        joblib, *_ = [importlib.import_module(name) for name in packages]
    except ModuleNotFoundError as error:
        raise ValueError(f"this sweep needs {error.name}, which is not installed; "
                         f"pip install {' '.join(packages)}") from None
    if jobs is not None and jobs < 1:
        raise ValueError(f"jobs is {jobs}; use 1 or more, or leave it out for one per core")
    return jobs or joblib.cpu_count()


def bar(total: int, done: int) -> Any:
    """A progress bar on stderr; where stderr is no terminal, a line of it now and then."""
    from tqdm import tqdm
    return tqdm(total=total, initial=done, unit="row", file=sys.stderr, mininterval=0.1 if sys.stderr.isatty() else 5)


def results(function: Callable, arguments: Sequence[tuple], backend: str, jobs: int) -> Iterator[Any]:
    """The results of `function` for each tuple of arguments, as they become known, in no particular order.

    A caller that stops iterating stops the workers.
    """
    import joblib
    tasks = [joblib.delayed(function)(*each) for each in arguments]
    own = TO_BACKEND.get(backend, {})
    with CLUSTERS.get(backend, contextlib.nullcontext)(jobs), joblib.parallel_config(backend, n_jobs=jobs, **own):
        if backend in IN_BLOCKS:
            yield from _in_blocks(joblib.Parallel(batch_size=1), tasks, 4 * jobs)
        else:
            with _leaving_control_c_to_us():
                found = joblib.Parallel(return_as="generator_unordered", batch_size=1)(tasks)  # workers start here
            with contextlib.closing(found):
                yield from found


def _in_blocks(parallel: Any, tasks: Iterable[tuple], size: int) -> Iterator[Any]:
    """Results in small blocks: a block's results come when its last task is done, so a stop loses little."""
    tasks = iter(tasks)
    with parallel:
        while block := list(islice(tasks, size)):
            yield from parallel(block)


@contextlib.contextmanager
def dask_cluster(jobs: int) -> Iterator[None]:
    """Context with the Dask Client that exists already, or one for the scheduler named in Dask's settings
    (DASK_SCHEDULER_ADDRESS), or workers of our own on this machine."""
    import dask
    from distributed import Client
    address = dask.config.get("scheduler-address", None)
    own = {} if address else {"n_workers": jobs, "threads_per_worker": 1, "dashboard_address": None}
    with contextlib.nullcontext() if _is_there(Client) else Client(address, **own):
        yield


def _is_there(client: Any) -> bool:
    try:
        return bool(client.current())
    except ValueError:
        return False


@contextlib.contextmanager
def ray_cluster(jobs: int) -> Iterator[None]:
    """Context with Ray as it is running here, or the cluster of RAY_ADDRESS, or one of our own on this machine."""
    import ray
    from ray.util.joblib import register_ray
    register_ray()
    ours = not ray.is_initialized()
    if ours:
        own = {} if "RAY_ADDRESS" in os.environ else {"num_cpus": jobs, "include_dashboard": False}
        ray.init(log_to_driver=False, logging_level="ERROR", **own)
    try:
        yield
    finally:
        if ours:
            ray.shutdown()


def _ignore_control_c() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextlib.contextmanager
def _leaving_control_c_to_us() -> Iterator[None]:
    """Context in which new processes ignore Control-C from their first moment, before they can run an initializer."""
    if threading.current_thread() is not threading.main_thread():  # which may not say what signals do
        yield
        return
    ours = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, ours)


CLUSTERS = {"dask": dask_cluster, "ray": ray_cluster}
OWN = {"initializer": _ignore_control_c}  # of processes: else each prints where it was
TO_BACKEND = {"loky": {**OWN, "inner_max_num_threads": 1, "idle_worker_timeout": 20},  # s, then orphans end
              "multiprocessing": OWN}
