"""Puts a shop's products into Amazon Personalize."""
