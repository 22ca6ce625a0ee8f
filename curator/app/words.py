"""How figures are put into words everywhere in the window."""

from __future__ import annotations

import time

_GIB = 1024.0**3
_MIB = 1024.0**2


def duration(seconds: float) -> str:
    """A span of time: "42 s", "3 min 40 s", "2 h 5 min"."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def rough_duration(seconds: float) -> str:
    """A span of time that is only guessed: "20 s", "6 min"."""
    if seconds < 60:
        return duration(max(5, 5 * round(seconds / 5)))
    return duration(60 * max(1, round(seconds / 60)))


def time_left(seconds: float) -> str:
    """How long it still takes, in steps that do not flicker."""
    whole = max(0.0, seconds)
    if whole >= 60:
        whole = 10 * round(whole / 10)
    elif whole >= 10:
        whole = 5 * round(whole / 5)
    return f"{duration(whole)} left"


def moment(at: float) -> str:
    """A point in time (seconds since 1970) as "14:05" today, "03 Nov 14:05" before."""
    then = time.localtime(at)
    today = time.strftime("%x", then) == time.strftime("%x")
    return time.strftime("%H:%M" if today else "%d %b %H:%M", then)


def count(number: int, one: str, many: str | None = None) -> str:
    """ "1 image", "2 images"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}".replace(",", " ")


def memory(size: float) -> str:
    """Bytes as "4.1 GB" or "310 MB" (binary units, as memory is sold)."""
    return f"{size / _GIB:.1f} GB" if size >= 0.95 * _GIB else f"{size / _MIB:.0f} MB"


def file_size(size: int) -> str:
    """Bytes as "34 kB" or "2.1 MB" (decimal, as files are listed)."""
    return f"{size / 1e6:.1f} MB" if size >= 1_000_000 else f"{max(1, round(size / 1e3))} kB"
