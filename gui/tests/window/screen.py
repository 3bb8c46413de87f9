"""A real window on a display of its own: found by what a screen reader finds, driven by mouse and keyboard.

The display is an Xvfb, and the tree of labels comes over AT-SPI, the accessibility bus of Linux desktops.
"""

import os
import re
import subprocess
import time
from pathlib import Path

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi  # noqa: E402
from gi.repository import GLib  # noqa: E402

PATIENCE_S = 15.0
POLL_S = 0.05


class Failed(Exception):
    """The story did not go as it should."""


class Processes:
    """What was started, by name; none of it outlives the story."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *command: str, **options: object) -> subprocess.Popen[bytes]:
        log = (self.scratch / f"{name}.log").open("ab")
        process = subprocess.Popen(command, stdout=log, stderr=log, **options)
        self.running[name] = process
        return process

    def end(self, name: str, signal: int, status: int) -> None:
        """Ends a process, and checks how it took that."""
        process = self.running.pop(name)
        process.send_signal(signal)
        ended = process.wait(timeout=PATIENCE_S)
        if ended != status:
            raise Failed(f"{name} ended with {ended}, and not with {status}")
        if "panicked" in self.log(name):
            raise Failed(f"something panicked in {name}:\n{self.log(name)}")

    def log(self, name: str) -> str:
        return (self.scratch / f"{name}.log").read_text(errors="replace")

    def check(self) -> None:
        for name, process in self.running.items():
            if process.poll() is not None:
                raise Failed(f"{name} ended with {process.returncode}:\n{self.log(name)}")

    def end_all(self) -> None:
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class Screen:
    """The display, and the dashboard's window on it."""

    def __init__(self, processes: Processes, pictures: Path, size: tuple[int, int]) -> None:
        self.processes = processes
        self.pictures = pictures
        self.size = size
        read, write = os.pipe()
        shape = f"{size[0]}x{size[1]}x24"
        # Otherwise it begins anew when a window closes, and whoever comes at that moment is turned away.
        command = ["Xvfb", "-noreset", "-displayfd", str(write), "-screen", "0", shape, "-nolisten", "tcp"]
        processes.start("xvfb", *command, pass_fds=[write])
        os.close(write)
        with os.fdopen(read) as number:
            os.environ["DISPLAY"] = f":{number.readline().strip()}"
        self.window = ""

    # Waiting

    def until(self, what: str, holds, patience: float = PATIENCE_S):  # noqa: ANN001, ANN201
        """Waits until something is so, and returns what that gave."""
        end = time.monotonic() + patience
        while True:
            try:
                if (given := holds()) not in (None, False):
                    return given
            except GLib.Error:
                pass  # the window changed while it was read
            if time.monotonic() > end:
                self.shoot("failed")
                raise Failed(f"waited in vain for {what}; the window says:\n{self.tree()}")
            self.processes.check()
            time.sleep(POLL_S)

    # What can be seen

    def find_window(self) -> None:
        """The window of the program that was just started. There is no window manager: we give it the keyboard."""
        command = ["xdotool", "search", "--limit", "1", "--onlyvisible", "--name", "Countersign"]
        found = lambda: subprocess.run(command, capture_output=True, text=True).stdout.strip()  # noqa: E731
        self.window = self.until("a window", lambda: found() or None, 30)
        self.key("windowfocus", "--sync", self.window)
        self.key("windowmove", "--sync", self.window, "0", "0")

    def title(self) -> str:
        return self.output("xdotool", "getwindowname", self.window).strip()

    def nodes(self):  # noqa: ANN201
        """Everything that has a label, in the order in which it is read."""
        desktop = Atspi.get_desktop(0)
        desktop.set_cache_mask(Atspi.Cache.NONE)
        pending = [desktop]
        while pending:
            node = pending.pop()
            if node is None:
                continue
            try:
                yield node
                count = node.get_child_count()
                pending.extend(node.get_child_at_index(place) for place in reversed(range(count)))
            except GLib.Error:
                continue  # gone meanwhile

    def tree(self) -> str:
        lines = [f"  {node.get_role_name()}: {node.get_name()}" for node in self.nodes() if node.get_name()]
        return "\n".join(lines)

    def reads(self, words: str) -> bool:
        """Whether a label has these words in it."""
        return any(words in node.get_name() for node in self.nodes())

    def control(self, name: str, role: str | None = None):  # noqa: ANN201
        """The control of this name, and not the label beside it; a part of the name in slashes is a pattern."""
        pattern = re.compile(name[1:-1] if name.startswith("/") else re.escape(name))
        for node in self.nodes():
            if pattern.fullmatch(node.get_name()) and node.get_role_name() not in ("label", "frame"):
                if role is None or node.get_role_name() == role:
                    return node
        return None

    def shoot(self, name: str) -> None:
        """A picture for people. That it is not blank, we can see for ourselves."""
        file = self.pictures / f"{name}.png"
        subprocess.run(["import", "-window", "root", str(file)], check=True)
        colors = int(self.output("identify", "-format", "%k", str(file)))
        if colors < 100:
            raise Failed(f"{file} has only {colors} colours")
        print(f"  {file}")

    def pixels(self) -> bytes:
        return subprocess.run(["import", "-window", "root", "rgb:-"], check=True, capture_output=True).stdout

    # What can be done

    def key(self, *arguments: str) -> None:
        subprocess.run(["xdotool", *arguments], check=True)

    def press(self, keys: str) -> None:
        self.key("key", keys)

    def type(self, text: str) -> None:
        self.key("type", "--delay", "4", text)

    def click(self, name: str, role: str | None = None) -> None:
        """Moves the mouse to a control, and clicks, if it is still there: what has just opened may yet be moved."""

        def reached() -> bool:
            if place := self.place(name, role):
                self.key("mousemove", str(place[0]), str(place[1]), "sleep", "0.05")
            return place is not None and self.place(name, role) == place

        self.until(f"the control {name}", reached)
        self.key("click", "1")

    def place(self, name: str, role: str | None) -> tuple[int, int] | None:
        """The middle of a control, unless it is grey."""
        node = self.control(name, role)
        if node is None or not node.get_state_set().contains(Atspi.StateType.SENSITIVE):
            return None
        box = node.get_component_iface().get_extents(Atspi.CoordType.WINDOW)
        return box.x + box.width // 2, box.y + box.height // 2

    def fill(self, name: str, text: str) -> None:
        """Puts this into a field, in the place of what was there."""
        self.click(name)
        self.until(f"the cursor in {name}", lambda: self.has_focus(name))
        self.press("ctrl+a")
        self.type(text)

    def text(self, name: str) -> str:
        """What stands in a field."""
        node = self.control(name)
        text = node and node.get_text_iface()
        return Atspi.Text.get_text(text, 0, Atspi.Text.get_character_count(text)) if text else ""

    def has_focus(self, name: str) -> bool:
        node = self.control(name)
        return node is not None and node.get_state_set().contains(Atspi.StateType.FOCUSED)

    def wait_for(self, words: str, patience: float = PATIENCE_S) -> None:
        """Waits until a label has these words in it."""
        self.until(repr(words), lambda: self.reads(words), patience)

    def wait_without(self, words: str) -> None:
        self.until(f"the end of {words!r}", lambda: not self.reads(words))

    def output(self, *command: str) -> str:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout
