"""Prints what the containers of this machine's pods have logged, in order of time: FILE, tab, TIME STREAM F MESSAGE.

The lines are CRI's, as the kubelet keeps them below /var/log/pods; one that was cut into parts is put together again.
usage: python3 - OPTIONS <pod-lines.py
OPTIONS is JSON. since: microseconds since 1970. until: the same, the first that is too late; where it is left out, goes on
with what is logged from now on. pods: beginnings of NAMESPACE_NAME, of which one must fit; all pods where there is none.
"""

import gzip
import heapq
import json
import os
import select
import sys
import time

FOLDER = os.environ.get("PODS_FOLDER", "/var/log/pods")
PAUSE_MS = 500
# Of a line that is put together.
LONGEST_BYTES = 256 * 1024


def text_of(microseconds):
    """A time as the lines have it, without its zone and zeros at its end: the order of such texts is that of time."""
    seconds, rest = divmod(microseconds, 10**6)
    text = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(seconds)) + f".{rest:06}"
    return text.rstrip("0").rstrip(".").encode()


def without_zone(stamp):
    return stamp[:-1] if stamp.endswith(b"Z") else stamp[:-6]


class LogFile:
    """One file of a container, read on from where the last call of `lines` has come to."""

    def __init__(self, path):
        self.path = path
        self.file = gzip.open(path) if path.endswith(".gz") else open(path, "rb")
        # Parts of lines whose end is not there yet, by stream.
        self.parts = {}

    def lines(self, last):
        """Yields (time without zone, path, time, stream, message). `last`: nothing more is waited for."""
        grown = False
        for stamp, stream, tag, text in self.records():
            grown = True
            text = self.parts.pop(stream, (stamp, b""))[1] + text
            if tag.startswith(b"P") and len(text) < LONGEST_BYTES:
                self.parts[stream] = (stamp, text)
            else:
                yield without_zone(stamp), self.path, stamp, stream, text
        # A container that ended in the middle of a line has left a part without an end.
        if last or not grown:
            for stream, (stamp, text) in sorted(self.parts.items()):
                yield without_zone(stamp), self.path, stamp, stream, text
            self.parts = {}

    def records(self):
        try:
            while True:
                line = self.file.readline()
                if not line.endswith(b"\n"):
                    if line and not self.path.endswith(".gz"):
                        self.file.seek(-len(line), os.SEEK_CUR)
                    return
                fields = line[:-1].split(b" ", 3)
                if len(fields) >= 3:
                    yield (*fields, b"")[:4]
        except (OSError, EOFError):
            # Rotated and removed meanwhile.
            return


def log_files(pods, since):
    """Paths of the files that have changed since then, epoch."""
    for pod in os.listdir(FOLDER) if os.path.isdir(FOLDER) else []:
        if pods and not any(pod.startswith(beginning) for beginning in pods):
            continue
        for folder, _, names in os.walk(os.path.join(FOLDER, pod)):
            for name in names:
                path = os.path.join(folder, name)
                if ".log" in name and not name.endswith(".tmp") and changed(path) >= since:
                    yield path


def changed(path):
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0


def open_new(opened, paths, first):
    """Opens what is not open yet, and closes what is gone; a file that was renamed is known by its inode."""
    there = set()
    for path in paths:
        # What was read already, compressed meanwhile.
        if path.endswith(".gz") and not first:
            continue
        try:
            status = os.stat(path)
            identity = (status.st_dev, status.st_ino)
            if identity not in opened:
                opened[identity] = LogFile(path)
            there.add(identity)
        except OSError:
            continue
    for identity in set(opened) - there:
        opened.pop(identity).file.close()


def main(options):
    since, until = options["since"], options.get("until")
    begin, end = text_of(since), b"~" if until is None else text_of(until)
    poller = select.poll()
    poller.register(sys.stdout, 0)
    opened = {}
    first = True
    while True:
        open_new(opened, log_files(options.get("pods", []), since / 10**6), first)
        for key, path, *fields in heapq.merge(*[file.lines(until is not None) for file in opened.values()]):
            if begin <= key < end:
                stamp, stream, text = fields
                where = os.path.relpath(path, FOLDER).encode()
                sys.stdout.buffer.write(where + b"\t" + b" ".join([stamp, stream, b"F", text]) + b"\n")
        sys.stdout.flush()
        first = False
        # Nobody reads any more: an error of the pipe is told without being asked for.
        if until is not None or poller.poll(PAUSE_MS):
            return


try:
    main(json.loads(sys.argv[1]))
except BrokenPipeError:
    os._exit(0)
