"""Workers: one child process per loaded model, each behind an inner socket that speaks OpenAI's protocol."""
