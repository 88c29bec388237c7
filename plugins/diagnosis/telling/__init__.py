"""What is said of a result: in words, as JSON, as a referral note, in fixed scripts."""
