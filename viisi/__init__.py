"""Viisi, a multilingual support assistant for web shops."""
