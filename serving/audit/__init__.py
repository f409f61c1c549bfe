"""The audit chain: what was decided and booked, in an order that cannot be rewritten unnoticed."""
