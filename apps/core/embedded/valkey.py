"""The embedded Valkey: broker in database 0, cache in database 1, so that clearing one spares the other."""

import os
from pathlib import Path

import redis

from apps.core.embedded.binaries import find_valkey
from apps.core.embedded.leftovers import run_marker
from apps.core.embedded.process import Program
from apps.core.embedded.service import Service


class Valkey(Service):
    name = "valkey"
    title = "Valkey"

    @property
    def socket(self) -> Path:
        return self.sockets / "s"

    @property
    def url(self) -> str:
        return f"redis+socket://{self.socket}?virtual_host=0"

    @property
    def cache_url(self) -> str:
        return f"unix://{self.socket}?db=1"

    @property
    def program(self) -> Program:
        return Program(
            name=self.name,
            argv=[str(find_valkey()), *self._options()],
            env={"PATH": os.defpath, "LC_ALL": "C"},
            log=self.log,
            is_service=True,
        )

    def prepare(self) -> None:
        self._make_folder()
        self.make_sockets()

    def is_ready(self) -> bool:
        client = redis.Redis(unix_socket_path=str(self.socket), socket_timeout=2)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()

    def _options(self) -> list[str]:
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.folder),
            "appendonly": "yes",
            "save": "",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
            "proc-title-template": f"{{title}} {run_marker(self.data_dir)}",
        }
        return [part for key, value in options.items() for part in (f"--{key}", value)]
