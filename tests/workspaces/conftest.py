"""The tests inside the workspaces are material, not tests of this project."""

collect_ignore_glob = ["*"]
