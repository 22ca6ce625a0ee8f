"""What `evaluate --queues` does: lists what is probably wrong with the data."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from curator.cli.output import complain, drawn, say, say_json


def list_queues(
    folder: Path, manifest: Path | None, root: Path | None, out: Path | None, as_json: bool
) -> None:
    """Finds the queues of a run or a cross-validation, or reads them where they are current, and prints them.

    Raises `CuratorError` where the folder can't be used.
    """
    from curator.errors import CuratorError
    from curator.evaluation.queues import Queue, QueuesReady, find_queues
    from curator.evaluation.results import ResultsReady, Source, read_results
    from curator.manifest.files import write_text
    from curator.training.device import memory_kept

    queues: tuple[Queue, ...] = ()
    with memory_kept():
        results: ResultsReady | None = None
        source = Source(folder, manifest=manifest, split=None if manifest else "test", root=root)
        for event in drawn(read_results(source)):
            if isinstance(event, ResultsReady):
                results = event
        if results is None:
            raise CuratorError(f"{folder} has no predictions: look at the warnings above.")
        for event in drawn(find_queues(results)):
            if isinstance(event, QueuesReady):
                queues = event.queues
    answer = {"run": str(folder), "queues": [asdict(one) for one in queues]}
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_text(out, json.dumps(answer, ensure_ascii=False, indent=2) + "\n")
        complain(f"Queues written to {out}.")
    if as_json:
        say_json(answer)
        return
    for number, queue in enumerate(queues):
        count = len(queue.flags)
        say(("\n" if number else "") + f"{queue.title}: {count} image{'' if count == 1 else 's'}")
        say(f"  {queue.note}")
        for flag in queue.flags:
            say(f"  {flag.score:7.3f}  {flag.file_name}")
            say(f"           {flag.reason}")
