"""Why a command's end is not known: the notes of commands that are recorded as aborted."""

from __future__ import annotations

KERNEL_ENDED = "The kernel ended while this command ran."
KERNEL_DIED = "The kernel died while this command ran."
KERNEL_RESTARTED = "The kernel was restarted while this command ran."
KERNEL_REATTACHED = "The kernel was attached to another session while this command ran."

RECORDING_STOPPED = "Recording was stopped while this command ran."
RECORDING_INTERRUPTED = (
    "Recording was interrupted while this command ran, so its outcome is not known."
)
#: For the command that stops the recording itself, which does not count as aborted.
STOPPED_HERE = "This command stopped the recording, so what it did afterwards is missing."

#: Ended were the process of the kernel, or the Jupyter server that recorded it.
PROCESS_ENDED = "The process that ran this command ended first, so its last outputs may be missing."
SERVER_ENDED = "The Jupyter server, which recorded this command, ended while it ran."
