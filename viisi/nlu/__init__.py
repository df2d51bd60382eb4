"""The Rasa graph components that read a customer's message; ``config.yml`` names them, one module each."""
