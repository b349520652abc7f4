"""Programs that the local servers need and that the user has to install."""

import os
import re
import shutil
import subprocess
from pathlib import Path

OLDEST_JAVA = 17
_OTHERWISE = "or set SIGMAK_KAFKA_BOOTSTRAP_SERVERS to a Kafka that runs already"


class MissingProgram(RuntimeError):
    """A program is not installed, or too old. The message is one line that says what to install."""


def java() -> str:
    """The path of Java: that of JAVA_HOME, else the first on the PATH.

    Raises:
        MissingProgram: if there is none, or it is older than 17.
    """
    home = os.environ.get("JAVA_HOME")
    program = shutil.which("java", path=str(Path(home) / "bin")) if home else None
    program = program or shutil.which("java")
    major = _java_major(program) if program else None
    if program and major is not None and major >= OLDEST_JAVA:
        return program
    found = f"{program} is Java {major}" if major is not None else "`java` is not installed"
    raise MissingProgram(
        f"a local Kafka needs Java {OLDEST_JAVA} or newer, and {found}: install one (Debian, Ubuntu: "
        f"`apt-get install default-jre-headless`; macOS: `brew install openjdk`), {_OTHERWISE}."
    )


def maven() -> str:
    """The path of Maven.

    Raises:
        MissingProgram: if it is not on the PATH.
    """
    program = shutil.which("mvn")
    if program is None:
        raise MissingProgram(
            "a local Kafka is fetched by Maven once, and `mvn` is not installed: install it "
            f"(Debian, Ubuntu: `apt-get install maven`; macOS: `brew install maven`), {_OTHERWISE}."
        )
    return program


def go(builds: str, otherwise: str = "") -> str:
    """The path of Go, which `builds` something; `otherwise` says what else a user without it may do.

    Raises:
        MissingProgram: if it is not on the PATH.
    """
    program = shutil.which("go")
    if program is None:
        instead = f", {otherwise}" if otherwise else ""
        raise MissingProgram(
            f"a local {builds} is built by Go once, and `go` is not installed: install it (Debian, Ubuntu: "
            f"`apt-get install golang`; macOS: `brew install go`){instead}."
        )
    return program


def _java_major(program: str) -> int | None:
    """Java's major version; None where the program is a stand-in without a Java behind it, as on macOS."""
    answer = subprocess.run([program, "-version"], capture_output=True, text=True, check=False, timeout=30)
    version = re.search(r'version "(\d+)(?:\.(\d+))?', answer.stderr + answer.stdout)
    if answer.returncode != 0 or version is None:
        return None
    # Up to 8 it was called 1.8.
    return int(version[2] or 1) if version[1] == "1" else int(version[1])
