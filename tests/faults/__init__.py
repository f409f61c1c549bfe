"""Fault rigs: the service is killed, cut off and lied to, and what was acknowledged must hold.

Every rig runs a control without a fault, which must be clean, and planted bugs, each of which it must catch.
"""
