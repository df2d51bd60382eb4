"""What happens before a model is trained."""
