"""Record, replay and verify the contract of Amazon Personalize's PutItems."""
