"""The classes of a box as its service has them: role files, records, routes, and what is written down."""

from __future__ import annotations

from pathlib import Path

from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from hinterland.box.class_routes import ClassRoutes
from hinterland.box.classes import Classes
from hinterland.box.records import Records
from hinterland.box.roles import Role
from hinterland.box.transcribing import Transcribing


class Classroom:
    """Keeps what it keeps of each class in a folder of that name."""

    def __init__(self, classes: Classes, folder: Path) -> None:
        self._classes = classes
        self._folder = folder

    def routes(self) -> list[BaseRoute]:
        """Return the service's routes for classes."""
        return ClassRoutes(self._classes, self._records).routes()

    def around(self, app: ASGIApp) -> ASGIApp:
        """Return the service's routes with somebody who writes down what role files say."""
        return Transcribing(app, self._classes, self._records)

    def _records(self, role: Role) -> Records:
        return Records(self._folder / role.name)
