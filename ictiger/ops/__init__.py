"""Production on one machine: nginx in front, systemd around, backups beside. README.md here says how."""
