"""Folders whose changes the operating system does not report, because another machine makes them."""

import os
from pathlib import Path

_MOUNTS = Path("/proc/self/mountinfo")
# `9p` carries the folders of Windows into WSL, `vboxsf` and `prl_fs` those of a host into its virtual machine.
_REMOTE = frozenset(
    "nfs nfs4 cifs smb3 smbfs 9p afs ceph glusterfs lustre vboxsf prl_fs ncpfs davfs "
    "fuse.sshfs fuse.davfs2 fuse.s3fs fuse.rclone fuse.glusterfs fuse.gcsfuse fuse.vmhgfs-fuse".split()
)


def network_file_system(folder: Path) -> str:
    """Return the kind of network file system that a folder is on; "" for a local one or when nobody says."""
    try:
        lines = _MOUNTS.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return ""
    return remote_kind(lines, os.path.realpath(folder))


def remote_kind(mounts: list[str], folder: str) -> str:
    """Read the kind from lines as `/proc/self/mountinfo` has them; the innermost mount decides."""
    best, kind = "", ""
    for line in mounts:
        own, _, rest = line.partition(" - ")
        fields = own.split(" ")
        if len(fields) <= 4:
            continue
        point = fields[4].replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")
        if len(point) >= len(best) and (folder == point or folder.startswith(point.rstrip("/") + "/")):
            best, kind = point, rest.split(" ")[0]
    return kind if kind in _REMOTE else ""
