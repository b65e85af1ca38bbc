"""Production on one machine: nginx, systemd and backups. README.md in this folder has the instructions."""
