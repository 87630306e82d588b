"""Whether a process of this machine is still there."""

from __future__ import annotations

import os
import sys
from typing import Any

# Of the Windows API (winbase.h, winerror.h)
SYNCHRONIZE = 0x00100000
WAIT_TIMEOUT = 0x102
ERROR_INVALID_PARAMETER = 87


def has_ended(number: int) -> bool:
    """False where it can't be known."""
    if sys.platform == "win32":
        import ctypes

        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.OpenProcess.argtypes = (ctypes.c_uint32, ctypes.c_int, ctypes.c_uint32)
        kernel.OpenProcess.restype = ctypes.c_void_p
        kernel.WaitForSingleObject.argtypes = (ctypes.c_void_p, ctypes.c_uint32)
        kernel.WaitForSingleObject.restype = ctypes.c_uint32
        kernel.CloseHandle.argtypes = (ctypes.c_void_p,)
        return has_ended_on_windows(kernel, ctypes.get_last_error, number)
    try:
        os.kill(number, 0)  # asks only; on Windows the same call would end the process
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False


def has_ended_on_windows(kernel: Any, last_error: Any, number: int) -> bool:
    """`kernel` is kernel32.dll. One that may not be asked is there; one that has ended may be kept for a while."""
    process = kernel.OpenProcess(SYNCHRONIZE, False, number)
    if not process:
        return bool(last_error() == ERROR_INVALID_PARAMETER)
    try:
        return bool(kernel.WaitForSingleObject(process, 0) != WAIT_TIMEOUT)
    finally:
        kernel.CloseHandle(process)
