"""The command on backbones: `models` compares them, fetches weights, lists layers, asks the raw classes."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import typer

from curator.cli.output import drawn, say, say_json, table


def models(
    fetch: str | None = typer.Option(None, "--fetch", help="Fetch the ImageNet weights of this backbone."),
    layers: str | None = typer.Option(None, "--layers", help="Show the layers of this backbone."),
    see: Path | None = typer.Option(
        None, "--see", help="What do the raw ImageNet classes say of this image?"
    ),
    measure: bool = typer.Option(True, help="Measure speed and memory on this machine."),
    as_json: bool = typer.Option(False, "--json", help="Print as JSON."),
) -> None:
    """Compare the backbones; fetch weights; show layers with shapes, parameters and multiply-adds."""
    if fetch is not None:
        _fetch(fetch, as_json)
    elif layers is not None:
        _layers(layers, as_json)
    elif see is not None:
        _see(see, as_json)
    else:
        _compare(measure, as_json)


def _fetch(name: str, as_json: bool) -> None:
    from curator.training.backbones import card_named
    from curator.training.weights import Fetched, fetch_weights

    card = card_named(name)
    for event in drawn(fetch_weights(card)):
        if isinstance(event, Fetched) and as_json:
            say_json(
                {"name": card.name, "path": str(event.path), "origin": event.origin, "licence": card.licence}
            )
        elif isinstance(event, Fetched):
            say(f"{card.title}: weights from {event.origin}, SHA-256 checked, in {event.path}")
            say(f"Licence: {card.licence}")


def _layers(name: str, as_json: bool) -> None:
    from curator.training.backbones import card_named
    from curator.training.summary import layer_table, separable_sums, separable_words, sums_by_kind

    rows = layer_table(card_named(name))
    sums, separable = sums_by_kind(rows), separable_sums(rows)
    if as_json:
        say_json(
            {
                "layers": [asdict(row) for row in rows],
                "kinds": [asdict(one) for one in sums],
                "separable": asdict(separable) if separable is not None else None,
            }
        )
        return
    table(
        ["layer", "kind", "output", "parameters", "multiply-adds"],
        [
            [row.name, row.kind, "x".join(map(str, row.output)), f"{row.parameters:,}", f"{row.macs:,}"]
            for row in rows
        ],
    )
    say()
    parameters, macs = sum(row.parameters for row in rows), sum(row.macs for row in rows)
    table(
        ["kind", "layers", "parameters", "share", "multiply-adds", "share"],
        [
            [
                one.kind, str(one.layers), f"{one.parameters:,}", f"{one.parameters / parameters:.1%}",
                f"{one.macs:,}", f"{one.macs / macs:.1%}",
            ]
            for one in sums
        ]
        + [["all", str(len(rows)), f"{parameters:,}", "", f"{macs:,}", ""]],
    )  # fmt: skip
    if separable is not None:
        say()
        say(separable_words(separable))


def _see(image: Path, as_json: bool) -> None:
    from curator.errors import WeightsError
    from curator.training.backbones import cards
    from curator.training.imagenet import NO_MRI, ImagenetSaid, ask_imagenet
    from curator.training.weights import find_weights

    ready = [card for card in cards() if find_weights(card).path is not None]
    if not ready:
        raise WeightsError(
            "No ImageNet weights are on this machine: fetch some first, such as with curator models --fetch "
            "mobilenet_v2."
        )
    found = []
    for card in ready:
        found += [event for event in drawn(ask_imagenet(card, image)) if isinstance(event, ImagenetSaid)]
    if as_json:
        say_json(
            [{"name": one.backbone, "classes": [asdict(guess) for guess in one.guesses]} for one in found]
        )
        return
    for one in found:
        say(one.backbone)
        for guess in one.guesses:
            say(f"  {guess.probability:6.1%}  {guess.category}")
    say(NO_MRI)


def _compare(measure: bool, as_json: bool) -> None:
    from curator.training import comparison
    from curator.training.backbones import cards
    from curator.training.device import memory_kept

    found = [comparison.summarise(card) for card in cards()]
    measured: dict[str, comparison.Measurement] = {}
    if measure:
        with memory_kept():
            for event in drawn(comparison.measure(cards())):
                if isinstance(event, comparison.Measured):
                    measured[event.measurement.name] = event.measurement
    if as_json:
        say_json(
            [
                {**asdict(one), "measured": asdict(measured[one.name]) if one.name in measured else None}
                for one in found
            ]
        )
        return
    headings = ["backbone", "parameters", "multiply-adds", "top-1"]
    if measured:
        headings += ["1 image", f"batch of {comparison.BATCH}", "memory"]
    rows = []
    for one in found:
        row = [one.name, f"{one.parameters / 1e6:.1f} M", f"{one.macs / 1e9:.2f} G", f"{one.top1:.1f} %"]
        if here := measured.get(one.name):
            memory = f"{here.memory_bytes / (1 << 20):.0f} MiB"
            row += [f"{here.latency_ms:.1f} ms", f"{here.images_per_second:.1f} images/s", memory]
        rows.append([*row, one.weights])
    table([*headings, "weights"], rows)
    say()
    for one in found:
        say(f"{one.name}: weights {one.weights}, {'in' if one.at_hand else 'from'} {one.source}")
    if measured:
        one_of_them = next(iter(measured.values()))
        threads = one_of_them.threads
        say(f"Speed: this machine's CPU with {threads} threads, median of passes without gradients.")
        if busy := comparison.busy_words(one_of_them):
            say(busy)
        say(comparison.MEMORY_WORDS)
