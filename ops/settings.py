"""Loads a process's settings from the environment."""

from typing import TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsError

from ops.failures import UsageFailed

Settings = TypeVar("Settings", bound=BaseSettings)


def load(kind: type[Settings]) -> Settings:
    """The settings of the environment.

    Raises:
        UsageFailed: naming each variable that is missing or has a bad value.
    """
    try:
        return kind()
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False)
        raise UsageFailed("; ".join(f"{_variable(each['loc'])}: {each['msg']}" for each in errors)) from error
    except SettingsError as error:
        # A list that is no JSON; its message names the field in lower case.
        raise UsageFailed(f"a SIGMAK_ variable can't be read: {error}") from error


def _variable(location: tuple[int | str, ...]) -> str:
    return "SIGMAK_" + ".".join(map(str, location)).upper()
