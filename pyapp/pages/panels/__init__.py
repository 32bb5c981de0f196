"""Panels of pages whose own module has no room for them: each module is named as its page and has a tuple PANELS."""
