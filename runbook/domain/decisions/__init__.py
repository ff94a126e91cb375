"""One function per thing a person can do: state and wish in, events out, or TransitionRefused.

None of them reads a clock, a database or another person's mind; `now` is the server's time and
`happened_at` what the person says. Each asks the transition table first.
"""
