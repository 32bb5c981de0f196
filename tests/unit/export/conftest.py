"""Every kind of network, and the usual one."""

import pytest
from exported import KINDS, exported


@pytest.fixture(params=KINDS)
def subject(request):
    return exported(request.param)


@pytest.fixture
def usual():
    return exported("8 bits")
