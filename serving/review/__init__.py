"""From a case to a verdict: the queue, the card, two people, and what they said as labels."""
