"""Chat models that Firsthand runs by itself: what there is, what is installed."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from firsthand.app.folders import models_folder
from firsthand.core.model import Report
from firsthand.errors import RequestError
from firsthand.settings import Settings

if TYPE_CHECKING:
    from firsthand.adapters.model_files import CatalogueModel, InstalledModel


def catalogue() -> Sequence["CatalogueModel"]:
    """Return the models that can be installed."""
    from firsthand.adapters.model_files import CATALOGUE

    return CATALOGUE


def find_in_catalogue(name: str) -> "CatalogueModel":
    """Return a model by its name or alias.

    Raises:
        RequestError: there is no such model; the message lists those there are.
    """
    for model in catalogue():
        if name in (model.name, model.alias):
            return model
    known = ", ".join(f"{model.name} ({model.alias})" for model in catalogue())
    raise RequestError(f'There is no model "{name}" to install; there are: {known}.')


def installed_models(settings: Settings) -> Sequence["InstalledModel"]:
    """Return the models that are installed, best first."""
    from firsthand.adapters.model_files import installed

    return installed(models_folder(settings))


async def install_model(settings: Settings, name: str, report: Report) -> Path:
    """Fetch a model by name or alias and return its file; goes on where an earlier attempt stopped.

    Raises:
        RequestError: there is no such model.
        ModelError: no source could give the exact file.
    """
    from firsthand.adapters.model_files import install

    return await install(find_in_catalogue(name), models_folder(settings), report)


def remove_model(settings: Settings, name: str) -> None:
    """Delete an installed model, given by name or alias.

    Raises:
        RequestError: it is not installed.
    """
    from firsthand.adapters.model_files import remove

    remove(find_in_catalogue(name).name, models_folder(settings))
