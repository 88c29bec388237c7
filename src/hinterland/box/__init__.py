"""The shared box: one service for everybody of a group, set up and undone by its administrator.

- Setting up and undoing: `setup` has the list, `steps` does each thing, `ledger` writes it down first,
  `undo` takes it back; `accounts`, `shelf` (models), `unit` and `systemd` change the machine for
  them, and `program` refuses a `hint` that the service cannot run, or that others could change.
- The service: `serve` is the process; `running` and `confined` start it where systemd does not. It
  knows by `house` who may ask and what their share is, by `installed` which models there are, and
  `for_many` writes small ones again as it starts.
- In numbers: `top` and `report` make the lines, `columns` fits them, `machine` reads heat and load,
  and `asking` fetches what the service tells. `mistakes` says what is wrong with settings since it
  was started.
- Classes: `roles` reads role files, `guarding_roles` refuses those that others could change,
  `checking_roles` doubts them, `members` and `hours` say for whom and when; `classes` makes terms of a
  role. `classroom` joins that with `class_routes`, `records` and `transcribing`, for the service;
  `class_results` shows results.
- Wiping: `wiping` asks `as_user` for a process that is the pupil, in which `emptying` runs.
"""
