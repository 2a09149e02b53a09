"""The composition root: the only place that knows both the domain and its adapters.

Adapters are imported inside functions, in threads where they are heavy, so that importing this package costs nothing.
"""

from firsthand.app.diagnosis import Finding, diagnose
from firsthand.app.evaluating import OpenedEvaluator, open_evaluator
from firsthand.app.folders import (
    CacheSizes,
    cache_folder,
    cache_sizes,
    clean_all,
    clean_index,
    index_folder,
    models_folder,
)
from firsthand.app.hooks import hook_states, install_hooks, refresh_after_git, uninstall_hooks
from firsthand.app.installing import (
    catalogue,
    find_in_catalogue,
    install_model,
    installed_models,
    remove_model,
)
from firsthand.app.learning import LearnedMap, OpenedLearner, forget_map, learned_map, open_learner
from firsthand.app.workspaces import open_workspace

__all__ = [
    "CacheSizes",
    "Finding",
    "LearnedMap",
    "OpenedEvaluator",
    "OpenedLearner",
    "cache_folder",
    "cache_sizes",
    "catalogue",
    "clean_all",
    "clean_index",
    "diagnose",
    "find_in_catalogue",
    "forget_map",
    "hook_states",
    "index_folder",
    "install_hooks",
    "install_model",
    "installed_models",
    "learned_map",
    "models_folder",
    "open_evaluator",
    "open_learner",
    "open_workspace",
    "refresh_after_git",
    "remove_model",
    "uninstall_hooks",
]
