"""The form screen of triage in the chat; imported when it is opened."""
