"""The allocator's settings, measured by minor page faults: pages that the kernel clears."""

import platform
import subprocess
import sys

import pytest

SCRIPT = """
import resource
from ictiger.core.malloc import tune_malloc
{setup}
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for round_number in range(60):
    if round_number == 10:
        before = faults()
    texts = ["新" * (150_000 + 1_000 * round_number + n) for n in range(6)]
    del texts
print(faults() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_memory_of_a_page_is_reused_for_the_next(settings):
    def page_faults(setup: str) -> int:
        process = subprocess.run(
            [sys.executable, "-c", SCRIPT.format(setup=setup)],
            cwd=settings.BASE_DIR,
            capture_output=True,
            check=True,
        )
        return int(process.stdout)

    assert page_faults("tune_malloc()") * 5 < page_faults("")
