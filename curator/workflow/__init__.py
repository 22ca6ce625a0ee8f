"""The few generators that tie the rest together: open, propose, export, predict, demo."""
