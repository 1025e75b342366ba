"""``make demo``: the real OpenCode at work in a scratch home, and the figures that come of it, live.

It lives here and not under packaging/ because it is made of the end-to-end tests' own parts, which are not installed:
the rig (``tests.e2e.rig``) and the model provider (``tests.mock_provider``). What a newcomer sees is what is tested.
"""
