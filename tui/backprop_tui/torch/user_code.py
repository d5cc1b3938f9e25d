# pyright: reportMissingImports=false
"""Which code is the user's own: all that is neither PyTorch's nor in this package."""

from __future__ import annotations

import os
import sys
from types import CodeType
from typing import Any, Final

import torch

__all__ = ["is_users_file", "user_line"]

_OTHERS: Final = (os.path.dirname(torch.__file__ or "") + os.sep, os.path.dirname(__file__) + os.sep)
_IS_USERS: dict[CodeType, bool] = {}


def is_users_file(path: str) -> bool:
    """Whether the code in a file is the user's own."""
    return not path.startswith(_OTHERS)


def user_line() -> tuple[str, int, str]:
    """The innermost line of the user's own code on the stack: file, line and function."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        is_users = _IS_USERS.get(code)
        if is_users is None:
            is_users = _IS_USERS[code] = is_users_file(code.co_filename)
        if is_users:
            return code.co_filename[-1_000:], frame.f_lineno, code.co_name
        frame = frame.f_back
    return "", 0, ""
